import type { IncomingMessage } from 'node:http';

/** Whether a request came over the network: an engine that serves others does not fetch for them what only it can reach. */
export function isRemote({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return socket.remoteAddress !== undefined;
}
