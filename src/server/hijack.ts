import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How long after it left a client may still be taken for one that listens. */
const PROBE_MS = 2000;

const hijacked = new WeakSet<Duplex>();

/** Whether HTTP/1 has nothing to say on a connection any more. */
export function isHijacked(socket: Duplex): boolean {
  return hijacked.has(socket);
}

/**
 * Takes the connection of a request, whose body was read, out of HTTP's hands: from here on it carries raw bytes both ways.
 * Half-close by the client is the end of the stream's readable side; writing goes on.
 * @param headers lines for the 101 apart from the protocol's own
 */
export function hijackConnection(
  request: IncomingMessage,
  response: ServerResponse,
  { contentType, headers = [] }: { contentType: string; headers?: readonly string[] },
): Duplex {
  const { socket } = request;
  hijacked.add(socket);
  // The parser reads the socket's handle directly until a listener for 'data' is added; then it is an ordinary listener among others.
  socket.on('data', ignore);
  // Those of 'close' stay: they free the parser, and what the server keeps of a connection.
  for (const event of ['data', 'end', 'drain', 'error', 'timeout'] as const) socket.removeAllListeners(event);
  response.detachSocket(socket);
  socket.pause();
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.on('error', ignore);
  const { upgrade } = request.headers;
  // HTTP/2 owns the socket alone, and notices by itself.
  if (upgrade?.toLowerCase() !== 'h2c') noticeLeaving(socket);
  const head =
    upgrade === undefined
      ? ['HTTP/1.1 200 OK', `Content-Type: ${contentType}`]
      : [
          'HTTP/1.1 101 UPGRADED',
          `Content-Type: ${contentType}`,
          'Connection: Upgrade',
          `Upgrade: ${/^[\w-]+$/.test(upgrade) ? upgrade : 'tcp'}`,
        ];
  socket.write([...head, ...headers, '', ''].join('\r\n'));
  return socket;
}

/**
 * A client that is gone looks like one that has ended its half until it is written to, and a quiet container writes nothing: writing no
 * bytes asks the kernel, which knows it of unix sockets. Of others it knows once it has asked the other host.
 */
function noticeLeaving(socket: Socket): void {
  if (socket.remoteAddress !== undefined) {
    socket.setKeepAlive(true, PROBE_MS);
    return;
  }
  const probe = setInterval(() => {
    if (socket.writable && socket.writableLength === 0) socket.write('');
  }, PROBE_MS);
  probe.unref();
  socket.once('close', () => clearInterval(probe));
}

function ignore(): void {}
