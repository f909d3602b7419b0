import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeptContexts, openKeptContexts } from '#engine/builder/contexts/kept-contexts.ts';
import { comparePaths } from '#engine/builder/contexts/compare-paths.ts';
import { type ContextEntry, NO_XATTRS } from '#engine/builder/contexts/context-entry.ts';
import { walkSource } from '#engine/builder/sources/walk-source.ts';
import { openRoot } from '#lib/files/open-root.ts';
import type { GrpcCall } from '#lib/grpc/client.ts';
import { silentLog } from '#lib/log.ts';
import { readPacket, writePacket } from '#server/buildkit/session/packet.ts';
import { receiveFiles } from '#server/buildkit/session/receive-files.ts';
import { pick } from '../../soak/support.ts';
import { defectOfError } from '../defect.ts';
import { mutateBytes } from '../mutate.ts';
import type { Checked, FuzzTarget } from '../target.ts';
import { treeOf } from '../tree-of.ts';

const NAMES = ['a', 'b', 'a-', 'a.b', 'c', '\u00fc', '\udcff', '\u{1f600}'] as const;
const KINDS = ['directory', 'directory', 'file', 'file', 'file', 'symlink', 'fifo'] as const;
const SOURCE = { owner: 'fuzz', name: 'context' };
/** What a file that claims more has at most. */
const FILE_BYTES = 4096;

/**
 * Contexts as clients send them: whatever comes, nothing is written elsewhere, and a copy that was brought up to date is like one that was
 * made of nothing.
 */
export const contextTarget: FuzzTarget = {
  name: 'context',
  rounds: 20_000,
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'berth-fuzz-context-'));
    writeFileSync(join(folder, 'canary'), 'alive');
    const kept = openKeptContexts(join(folder, 'kept'), { log: silentLog });
    return {
      make(random) {
        const frames = [...treeEntries(random, '', 0)].map((entry) => writePacket({ type: 'stat', entry }));
        const sent = [...frames, writePacket({ type: 'stat', entry: undefined })].map((bytes) =>
          random() < 0.02 ? mutateBytes(random, Buffer.from(bytes)) : bytes,
        );
        if (random() < 0.1) sent.splice(Math.floor(random() * sent.length), 1);
        return Buffer.concat(sent.flatMap((bytes) => [lengthOf(bytes), bytes]));
      },
      check: async (input, random) => check({ folder, kept, input, part: pick(random, ['all', 'some']) }),
      async finish() {
        await kept.close();
        const top = treeOf(folder).filter((line) => !line.includes('/', 1));
        return top.length === 2 ? [] : [`something else is there: ${top.join(', ')}`];
      },
      async [Symbol.asyncDispose]() {
        await kept.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}

function* treeEntries(random: () => number, folder: string, depth: number): Generator<ContextEntry> {
  const files: string[] = [];
  const names = NAMES.filter(() => random() < 0.4).toSorted(comparePaths);
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const kind = pick(random, KINDS);
    const isLink = kind === 'file' && files.length > 0 && random() < 0.2;
    const target = kind === 'symlink' ? pick(random, ['a', '../..', '/etc/passwd']) : isLink ? pick(random, files) : '';
    if (kind === 'file' && !isLink) files.push(path);
    yield {
      path,
      kind,
      mode: kind === 'symlink' ? 0o777 : pick(random, [0o644, 0o755, 0o4711, 0]),
      uid: pick(random, [0, 0, 7]),
      gid: 0,
      size: kind === 'file' ? pick(random, [0, 1, 3000, 3000, 5000]) : 0,
      mtimeNs: pick(random, [1n, 1_700_000_000_000_000_000n]),
      target,
      major: 0,
      minor: 0,
      xattrs: NO_XATTRS,
    };
    if (kind === 'directory' && depth < 4) yield* treeEntries(random, path, depth + 1);
  }
}

async function check({
  folder,
  kept,
  input,
  part,
}: {
  folder: string;
  kept: KeptContexts;
  input: Buffer;
  part: string;
}): Promise<Checked> {
  const fresh = openKeptContexts(join(folder, 'fresh'), { log: silentLog });
  try {
    const made = await receive(fresh, input, part);
    const updated = await receive(kept, input, part);
    return { isTaken: true, defect: made === updated ? undefined : `brought up to date:\n${updated}\nmade:\n${made}` };
  } catch (error) {
    return { isTaken: false, defect: defectOfError(error) };
  } finally {
    await fresh.close();
    rmSync(join(folder, 'fresh'), { recursive: true, force: true });
  }
}

/** @returns what the copy is like */
async function receive(contexts: KeptContexts, input: Buffer, part: string): Promise<string> {
  using update = await contexts.update(SOURCE, part);
  using copy = await receiveFiles(peerOf(input), update, () => {});
  using root = openRoot(copy.path);
  const tree = { root, kind: 'context' as const, digests: copy.digests, taken: new Map() };
  const shape = (listing: boolean): string =>
    JSON.stringify(
      walkSource(listing ? { ...tree, listing: copy.listing } : tree, '').map(
        ({ path, kind, attributes, target, inode }) => [
          path,
          kind,
          attributes.mode,
          attributes.uid,
          target,
          // Copies may share a file: it has more names then than this copy tells of.
          listing && inode !== '',
          kind === 'file' ? copy.digests.get(path) : '',
        ],
      ),
      undefined,
    ).replaceAll(listing ? ',true,' : '\0', ',false,');
  if (shape(true) !== shape(false)) throw new Error(`told: ${shape(true)}\nlooked at: ${shape(false)}`);
  return treeOf(copy.path).map(withoutLinks).join('\n');
}

function withoutLinks(line: string): string {
  return line.replace(/( \d+ \d+ \d+ \d+ (?:far|-?\d+)) \d+ /, '$1 ');
}

/** Tells of what the input has, and gives the bytes that are asked for. */
function peerOf(input: Buffer): GrpcCall {
  const wanted: number[] = [];
  async function* batches(): AsyncGenerator<Buffer[]> {
    const entries: (ContextEntry | undefined)[] = [];
    for (let at = 0; at + 4 <= input.length;) {
      const end = at + 4 + input.readUInt32BE(at);
      const message = input.subarray(at + 4, end);
      entries.push(entryIn(message));
      yield [message];
      at = end;
    }
    for (let id = wanted.shift(); id !== undefined; id = wanted.shift()) {
      const { path = '', size = 0 } = entries[id] ?? {};
      const bytes = Buffer.alloc(Math.min(size, FILE_BYTES), `content of ${path}`);
      if (bytes.length > 0) yield [Buffer.from(writePacket({ type: 'data', id, bytes }))];
      yield [Buffer.from(writePacket({ type: 'data', id, bytes: Buffer.alloc(0) }))];
    }
  }
  return {
    send(message) {
      const packet = readPacket(message);
      if (packet !== 'skipped' && packet.type === 'request') wanted.push(packet.id);
      return undefined;
    },
    end: () => {},
    batches: batches(),
    messages: (async function* () {})(),
    [Symbol.dispose]: () => {},
  };
}

function entryIn(message: Buffer): ContextEntry | undefined {
  try {
    const packet = readPacket(message);
    return packet !== 'skipped' && packet.type === 'stat' ? packet.entry : undefined;
  } catch {
    return undefined; // broken: it is refused
  }
}
