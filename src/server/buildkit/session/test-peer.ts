import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparePaths } from '#engine/builder/contexts/compare-paths.ts';
import type { ContextEntry } from '#engine/builder/contexts/context-entry.ts';
import type { Method } from '#lib/grpc/method.ts';
import { createGrpcServer } from '#lib/grpc/server.ts';
import { silentLog } from '#lib/log.ts';
import { type Packet, readPacket, writePacket } from './packet.ts';

/** A client of a test, in memory: it answers the methods given, on the other end of a real socket. */
export interface TestPeer extends AsyncDisposable {
  readonly socket: Socket;
}

export async function openTestPeer(methods: ReadonlyMap<string, Method>): Promise<TestPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-peer-'));
  const path = join(folder, 'socket');
  const grpc = createGrpcServer({ services: methods, log: silentLog });
  const server = createServer((connection) => void grpc.serve(connection));
  server.listen(path);
  await once(server, 'listening');
  const socket = connect(path);
  await once(socket, 'connect');
  return {
    socket,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      grpc.close();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A file of a test's context with its bytes, or something without. */
export interface PeerFile {
  entry: ContextEntry;
  bytes?: Uint8Array;
}

export interface SentFiles {
  /** Metadata of the last call. */
  metadata: Map<string, readonly string[]>;
  /** Paths that were asked for, of all calls. */
  requested: string[];
}

const PIECE_BYTES = 32 * 1024;
const NAMES = ['dir-name', 'exclude-patterns', 'followpaths', 'exclude-patterns-encoded', 'followpaths-encoded'];

/** The side that sends files, as a well-behaved client has it. */
export function sendingMethod(files: () => readonly PeerFile[]): { method: Method; sent: SentFiles } {
  const sent: SentFiles = { metadata: new Map(), requested: [] };
  const method: Method = {
    takesOne: false,
    async *handle(requests, { metadata }) {
      sent.metadata = new Map(NAMES.map((name) => [name, metadata.getAll(name)]));
      const all = files().toSorted((a, b) => comparePaths(a.entry.path, b.entry.path));
      for (const { entry } of all) yield writePacket({ type: 'stat', entry });
      yield writePacket({ type: 'stat', entry: undefined });
      for await (const request of requests) {
        const packet = readPacket(request);
        if (packet !== 'skipped' && packet.type === 'finish') break;
        if (packet === 'skipped' || packet.type !== 'request') throw new Error('an unexpected packet');
        const file = all[packet.id];
        sent.requested.push(file?.entry.path ?? '?');
        const bytes = file?.bytes ?? new Uint8Array();
        for (let at = 0; at < bytes.length; at += PIECE_BYTES)
          yield writePacket({ type: 'data', id: packet.id, bytes: bytes.subarray(at, at + PIECE_BYTES) });
        yield writePacket({ type: 'data', id: packet.id, bytes: new Uint8Array() });
      }
      yield writePacket({ type: 'finish' });
    },
  };
  return { method, sent };
}

/** A client that sends exactly these packets, whatever it is asked. */
export function scriptedMethod(packets: () => Iterable<Packet> | AsyncIterable<Packet>): Method {
  return {
    takesOne: false,
    async *handle() {
      for await (const packet of packets()) yield writePacket(packet);
    },
  };
}
