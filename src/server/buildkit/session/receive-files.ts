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
  const messages = call.messages[Symbol.asyncIterator]();
  let bytes = 0;
  while (!state.isToldAll || state.wanted.size > 0) {
    const { done, value } = await messages.next();
    if (done === true) throw broken('it ended before all was sent');
    bytes += value.length;
    received(bytes);
    await take(state, readPacket(value));
  }
  const copy = update.finish();
  void call.send(writePacket({ type: 'finish' }));
  call.end();
  // That the peer agrees is not waited for.
  void drain(call, messages);
  return copy;
}

async function take(state: Receiving, packet: Packet | 'skipped'): Promise<void> {
  if (packet === 'skipped') {
    state.count += 1;
    state.skipped += 1;
    if (state.skipped > SKIPPED_LIMIT) throw broken(`it has more than ${SKIPPED_LIMIT} sockets`);
    return;
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

async function takeEntry(state: Receiving, entry: ContextEntry | undefined): Promise<void> {
  if (state.isToldAll) throw broken('an entry came after the last one');
  if (entry === undefined) {
    await state.update.endEntries();
    state.isToldAll = true;
    return;
  }
  const id = state.count;
  state.count += 1;
  const answer = state.update.put(entry);
  const file = answer instanceof Promise ? await answer : answer;
  if (file === undefined) return;
  state.wanted.set(id, file);
  void state.call.send(writePacket({ type: 'request', id }));
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
async function drain(call: GrpcCall, messages: AsyncIterator<Buffer>): Promise<void> {
  try {
    while ((await messages.next()).done !== true);
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
