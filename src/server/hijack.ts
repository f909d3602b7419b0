import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

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
  // The parser reads the socket's handle directly until a listener for 'data' is added; then it is an ordinary listener among others.
  socket.on('data', ignore);
  for (const event of ['data', 'end', 'close', 'drain', 'error', 'timeout'] as const) socket.removeAllListeners(event);
  response.detachSocket(socket);
  socket.pause();
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.on('error', ignore);
  const upgrade = request.headers.upgrade;
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

function ignore(): void {}
