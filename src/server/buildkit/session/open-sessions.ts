import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { KeptContexts } from '#engine/builder/contexts/kept-contexts.ts';
import type { ImagesContext } from '#engine/images/context.ts';
import type { ContextSource } from '#engine/builder/sources/context-source.ts';
import { tarContext } from '#engine/builder/sources/tar-context.ts';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { openGrpcClient } from '#lib/grpc/client.ts';
import type { Log } from '#lib/log.ts';
import type { Session, Sessions } from '../sessions.ts';
import { offers, type SessionClient } from './session-client.ts';
import { ownerOf, sessionContext } from './session-context.ts';
import { sessionLayout } from './session-layout.ts';
import { sessionSink } from './session-sink.ts';
import { sessionCredentials, sessionSecrets, sessionSsh } from './session-sources.ts';
import { sessionStore } from './session-store.ts';
import { uploadedBytes } from './uploaded-bytes.ts';
import { watchHealth } from './watch-health.ts';
import { CHECK_HEALTH } from './messages/health.ts';

const PREFIX = 'x-docker-expose-session-';

/** What sessions need of the engine. */
export interface SessionsEngine {
  /** What contexts were like the last time. */
  contexts: KeptContexts;
  /** Takes images from the client's side. */
  images: ImagesContext;
  log: Log;
}

/** Keeps the sessions of clients. */
export function openSessions(engine: SessionsEngine): Sessions {
  const { log } = engine;
  const open = new Map<string, Session & Disposable>();
  const waiting = new Set<() => void>();
  return {
    add(socket, headers) {
      const id = one(headers, 'uuid');
      if (id === '')
        throw new InvalidArgumentError('a session needs an id', { why: `the header ${PREFIX}uuid is missing` });
      if (open.has(id)) throw new ConflictError(`the session ${id} is there already`);
      const session = startSession(engine, socket, { id, headers });
      open.set(id, session);
      session.signal.addEventListener('abort', () => {
        if (open.get(id) === session) open.delete(id);
        log.debug('session ended', { session: id });
        if (session.sharedKey === '') void forgetFiles(engine, session);
      });
      log.debug('session began', { session: id, methods: session.methods.size });
      for (const wake of waiting) wake();
      return session;
    },
    async get(id, waitMs) {
      const deadline = Date.now() + waitMs;
      for (;;) {
        const session = open.get(id);
        if (session !== undefined) return session;
        const left = deadline - Date.now();
        if (left <= 0)
          throw new NotFoundError(`no active session for ${id}: context deadline exceeded`, {
            why: 'the client asked for a build without opening the session that gives its files',
          });
        await oneMore(waiting, left);
      }
    },
    async close() {
      for (const session of open.values()) session[Symbol.dispose]();
    },
  };
}

/** No later session asks for them. */
async function forgetFiles({ contexts, log }: SessionsEngine, session: Session): Promise<void> {
  try {
    await contexts.forget(ownerOf(session));
  } catch (error) {
    log.warn('the files of a session stay', { session: session.id, error: String(error) });
  }
}

async function oneMore(waiting: Set<() => void>, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  waiting.add(resolve);
  await promise;
  clearTimeout(timer);
  waiting.delete(resolve);
}

function startSession(
  { contexts, images }: SessionsEngine,
  ...[socket, { id, headers }]: [Duplex, { id: string; headers: IncomingHttpHeaders }]
): Session & Disposable {
  const grpc = openGrpcClient(socket);
  const client: SessionClient = { id, sharedKey: one(headers, 'sharedkey'), grpc, methods: methodsOf(headers) };
  if (offers(client, CHECK_HEALTH.path)) void watchHealth(grpc);
  return {
    id,
    sharedKey: client.sharedKey,
    methods: client.methods,
    signal: grpc.signal,
    files: (name) => sessionContext({ client, contexts }, name),
    upload: (url) => uploadContext(client, url),
    layout: (address) => sessionLayout({ images, store: (name) => sessionStore(client, name) }, address),
    credentials: sessionCredentials(client),
    secrets: sessionSecrets(client),
    ssh: sessionSsh(client),
    sink: (index) => sessionSink(client, index),
    store: (name) => sessionStore(client, name),
    [Symbol.dispose]: () => grpc[Symbol.dispose](),
  };
}

function uploadContext(client: SessionClient, url: string): ContextSource {
  return tarContext(uploadedBytes(client, url), { title: 'standard input of the client', isDated: true });
}

/** In small letters, in which they are compared. */
function methodsOf(headers: IncomingHttpHeaders): Set<string> {
  const value = headers[`${PREFIX}grpc-method`];
  const all = Array.isArray(value) ? value : (value ?? '').split(',');
  return new Set(all.map((method) => method.trim().toLowerCase()).filter((method) => method !== ''));
}

function one(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[`${PREFIX}${name}`];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
