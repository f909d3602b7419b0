import type { ContextEntry } from '#engine/builder/contexts/context-entry.ts';
import type { IncomingFile } from '#engine/builder/contexts/incoming-file.ts';
import type { ContextUpdate, OpenCopy } from '#engine/builder/contexts/kept-contexts.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { GrpcCall } from '#lib/grpc/client.ts';
import { type Packet, readPacket, writePacket } from './packet.ts';

/** Files that come at a time; peers send four. */
const OPEN_FILES_LIMIT = 256;
/** What a peer may send of things that no context keeps. */
const SKIPPED_LIMIT = 100_000;

interface Receiving {
  update: ContextUpdate;
  call: GrpcCall;
  /** Files that were asked for, by the number of their entry. */
  wanted: Map<number, IncomingFile>;
  /** Those of which something came. */
  open: Set<number>;
  count: number;
  skipped: number;
  isToldAll: boolean;
}

/**
 * Lets a peer send its files, of which only those come that are not there yet (fsutil, the side that receives).
 * @param received told how many bytes came so far
 * @throws {InvalidArgumentError} if the peer does not keep to the protocol
 */
export async function receiveFiles(
  call: GrpcCall,
  update: ContextUpdate,
  received: (bytes: number) => void,
): Promise<OpenCopy> {
  const state: Receiving = {
    update,
    call,
    wanted: new Map(),
    open: new Set(),
    count: 0,
    skipped: 0,
    isToldAll: false,
  };
  // Not by `for`, which would break the call off once all is here.
  const batches = call.batches[Symbol.asyncIterator]();
  let bytes = 0;
  while (!state.isToldAll || state.wanted.size > 0) {
    const { done, value } = await batches.next();
    if (done === true) throw broken('it ended before all was sent');
    for (const message of value) {
      bytes += message.length;
      const later = take(state, readPacket(message));
      if (later !== undefined) await later;
    }
    received(bytes);
  }
  const copy = update.finish();
  void call.send(writePacket({ type: 'finish' }));
  call.end();
  // That the peer agrees is not waited for.
  void drain(call, batches);
  return copy;
}

/** @returns what is to be waited for before the next packet, if anything is */
function take(state: Receiving, packet: Packet | 'skipped'): Promise<void> | undefined {
  if (packet === 'skipped') {
    state.count += 1;
    state.skipped += 1;
    if (state.skipped > SKIPPED_LIMIT) throw broken(`it has more than ${SKIPPED_LIMIT} sockets`);
    return undefined;
  }
  switch (packet.type) {
    case 'stat':
      return takeEntry(state, packet.entry);
    case 'data':
      takeBytes(state, packet.id, packet.bytes);
      return undefined;
    case 'error':
      throw new InvalidArgumentError(`the client could not send its files: ${packet.message}`);
    default:
      throw broken(`a packet of the type ${packet.type} is not for the side that receives`);
  }
}

function takeEntry(state: Receiving, entry: ContextEntry | undefined): Promise<void> | undefined {
  if (state.isToldAll) throw broken('an entry came after the last one');
  if (entry === undefined) {
    state.isToldAll = true;
    return state.update.endEntries() ?? undefined;
  }
  const id = state.count;
  state.count += 1;
  const answer = state.update.put(entry);
  if (answer instanceof Promise) return answer.then((file) => ask(state, id, file));
  ask(state, id, answer);
  return undefined;
}

function ask({ wanted, call }: Receiving, ...[id, file]: [id: number, file: IncomingFile | undefined]): void {
  if (file === undefined) return;
  wanted.set(id, file);
  void call.send(writePacket({ type: 'request', id }));
}

function takeBytes({ wanted, open }: Receiving, ...[id, bytes]: [id: number, bytes: Uint8Array]): void {
  const file = wanted.get(id);
  if (file === undefined) throw broken(`bytes came for the entry ${id}, which was not asked for`);
  if (bytes.length > 0) {
    open.add(id);
    if (open.size > OPEN_FILES_LIMIT) throw broken(`more than ${OPEN_FILES_LIMIT} files came at a time`);
    file.write(bytes);
    return;
  }
  file.end();
  open.delete(id);
  wanted.delete(id);
}

/** A peer that fails behind the last byte is none of ours. */
async function drain(call: GrpcCall, batches: AsyncIterator<Buffer[]>): Promise<void> {
  try {
    while ((await batches.next()).done !== true);
  } catch {
    // The files are here.
  } finally {
    call[Symbol.dispose]();
  }
}

function broken(why: string): InvalidArgumentError {
  return new InvalidArgumentError('the client sent a context that is refused', {
    why,
    hint: 'build again; if it stays, the client is broken',
  });
}
