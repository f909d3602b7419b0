import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '#lib/run.ts';

/** A git repository that is served over http, for tests. */
export interface TestRepository extends AsyncDisposable {
  /** Folder with a working copy. */
  readonly folder: string;
  /** Address to clone from. */
  readonly url: string;
  /** Values of the header `Authorization` that were sent. */
  readonly authorizations: string[];
  git(...args: string[]): Promise<string>;
}

const AUTHOR = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'init.defaultBranch=main'];

/** @param authorization that clients must send */
export async function openTestRepository({ authorization }: { authorization?: string } = {}): Promise<TestRepository> {
  const root = await mkdtemp(join(tmpdir(), 'b-git-'));
  const folder = join(root, 'work.git');
  const authorizations: string[] = [];
  const env = { PATH: process.env['PATH'] ?? '', HOME: root, GIT_CONFIG_NOSYSTEM: '1' };
  const git = async (...args: string[]): Promise<string> =>
    (await run(['git', ...AUTHOR, ...args], { cwd: folder, env })).stdout.trim();
  await run(['git', ...AUTHOR, 'init', '--quiet', folder], { env });
  await git('config', 'uploadpack.allowReachableSHA1InWant', 'true');
  const server = createServer((request, response) => {
    const sent = request.headers.authorization;
    if (sent !== undefined) authorizations.push(sent);
    if (authorization !== undefined && sent !== authorization)
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm=test' }).end();
    else void serve(root, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    folder,
    url: `http://127.0.0.1:${port}/work.git`,
    authorizations,
    git,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Through git's own program for it (git-http-backend(1)), which speaks CGI. */
async function serve(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      HOME: root,
      PATH_INFO: pathname.replace('/work.git/', '/work.git/.git/'),
      QUERY_STRING: searchParams.toString(),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => {});
  request.pipe(child.stdin);
  const output = Buffer.concat(await Array.fromAsync(child.stdout as AsyncIterable<Buffer>));
  const end = output.indexOf('\r\n\r\n');
  let status = 200;
  for (const line of output.toString('latin1', 0, end).split('\r\n')) {
    const [name = '', value = ''] = line.split(': ');
    if (name === 'Status') status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status).end(output.subarray(end + 4));
}
