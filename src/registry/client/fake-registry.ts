import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A request as a fake registry saw it. */
export interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface FakeRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  host: string;
  seen: Seen[];
  /** Connections that are open. */
  open(): number;
}

export type Answer = (seen: Seen, response: ServerResponse) => unknown;

/** A server for tests that answers whatever `answer` says, lies included. */
export async function startFakeRegistry(answer: Answer): Promise<FakeRegistry> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>).catch(() => []));
    const own = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    seen.push(own);
    await answer(own, response);
  }
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    socket.once('close', () => (connections -= 1));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    host: `127.0.0.1:${port}`,
    seen,
    open: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Digest text of bytes. */
export function digestOf(bytes: Uint8Array | string): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
