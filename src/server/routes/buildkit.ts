import type { Duplex } from 'node:stream';
import { CancelledError, InvalidArgumentError } from '#lib/errors.ts';
import type { Buildkit } from '../buildkit/open-buildkit.ts';
import type { Call, Route } from '../route.ts';

/** What these routes need. */
export interface BuildkitBackend {
  buildkit: Buildkit;
}

/** `POST /grpc` and `POST /session`: connections that go on as HTTP/2, on which the engine or the client answers calls. */
export function buildkitRoutes(engine: BuildkitBackend): readonly Route[] {
  return [
    ['POST', '/grpc', async (call) => engine.buildkit.serve(await upgrade(call))],
    [
      'POST',
      '/session',
      async (call) => {
        const id = call.request.headers['x-docker-expose-session-uuid'];
        if (id === undefined || id === '') throw new InvalidArgumentError('the session has no id');
        engine.buildkit.addSession(await upgrade(call), call.request.headers);
      },
    ],
  ];
}

/** @throws {InvalidArgumentError} unless the client asks to go on as HTTP/2 */
async function upgrade(call: Call): Promise<Duplex> {
  if (call.request.headers.upgrade?.toLowerCase() !== 'h2c')
    throw new InvalidArgumentError('this address is for connections that go on as HTTP/2', {
      why: 'the request has no header Upgrade: h2c',
      hint: 'use it with the docker client, or speak gRPC on the socket itself',
    });
  const socket = call.hijack('application/grpc');
  // Of HTTP/2 there is no half: who says no more has left.
  socket.once('end', () => socket.destroy());
  // Node's HTTP/2 takes the end of a write that was begun before it for one of its own, and aborts the process.
  const { promise, resolve } = Promise.withResolvers<unknown>();
  socket.write('', resolve);
  await promise;
  if (socket.destroyed) throw new CancelledError('the client went away');
  return socket;
}
