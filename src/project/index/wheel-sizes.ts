import { mkdir, readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { UnavailableError } from '#lib/errors.ts';
import { writeAtomic } from '#lib/files/write-atomic.ts';
import { indexCacheFolder } from './cache-folder.ts';
import type { LockedWheel } from './uv-answers.ts';
import { readZipDirectory } from './zip-directory.ts';

export interface WheelSize {
  unpackedBytes: number;
  /** Of those, Python's source. */
  pythonBytes: number;
}

/** Smaller ones are reckoned by what wheels of plain Python usually have. */
const MEASURED_FROM_BYTES = 1_000_000;
const USUAL_RATIO = 3.6;
const USUAL_PYTHON_SHARE = 0.8;
const AT_ONCE = 8;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 3;
const MAX_KEPT = 5000;

type Kept = Record<string, readonly [unpacked: number, python: number]>;

/** What wheels take on disk, from the directories of the archives, of which only the ends are fetched; known ones by their digest. */
export async function measureWheels(wheels: readonly LockedWheel[], signal?: AbortSignal): Promise<Map<string, WheelSize>> {
  const path = join(indexCacheFolder(), 'wheels.json');
  const kept = await readKept(path);
  const before = Object.keys(kept).length;
  const found = new Map<string, WheelSize>();
  using agent = new DisposableAgent();
  const waiting = [...wheels];
  const work = async (): Promise<void> => {
    for (let wheel = waiting.shift(); wheel !== undefined; wheel = waiting.shift()) found.set(wheel.name, await sizeOf(wheel, { kept, agent: agent.agent, signal }));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (Object.keys(kept).length > before) await keep(path, kept).catch(() => undefined); // a cache that cannot be written costs time alone
  return found;
} // prettier-ignore

class DisposableAgent {
  readonly agent = new Agent({
    keepAlive: true,
    maxSockets: AT_ONCE,
    ca: [...new Set([...getCACertificates('default'), ...getCACertificates('system')])],
  });

  [Symbol.dispose](): void {
    this.agent.destroy();
  }
}

interface Context {
  kept: Kept;
  agent: Agent;
  signal: AbortSignal | undefined;
}

async function sizeOf(wheel: LockedWheel, { kept, agent, signal }: Context): Promise<WheelSize> {
  const known = wheel.sha256 === null ? undefined : kept[wheel.sha256];
  if (known !== undefined) return { unpackedBytes: known[0], pythonBytes: known[1] };
  const bytes = wheel.bytes ?? 0;
  if (bytes < MEASURED_FROM_BYTES || !wheel.url.startsWith('https://')) return usual(bytes);
  try {
    const entries = await readZipDirectory((start, length) => fetchRange(wheel.url, { start, length }, { agent, signal, redirects: 0 }), bytes);
    const size = { unpackedBytes: sum(entries), pythonBytes: sum(entries.filter(({ name }) => name.endsWith('.py'))) };
    if (wheel.sha256 !== null) kept[wheel.sha256] = [size.unpackedBytes, size.pythonBytes];
    return size;
  } catch {
    return usual(bytes); // a figure in a forecast: the usual one does when the index has no ranges
  }
} // prettier-ignore

function usual(bytes: number): WheelSize {
  const unpackedBytes = Math.round(bytes * USUAL_RATIO);
  return { unpackedBytes, pythonBytes: Math.round(unpackedBytes * USUAL_PYTHON_SHARE) };
}

function sum(entries: readonly { bytes: number }[]): number {
  return entries.reduce((total, { bytes }) => total + bytes, 0);
}

async function fetchRange(
  url: string,
  { start, length }: { start: number; length: number },
  { agent, signal, redirects }: { agent: Agent; signal: AbortSignal | undefined; redirects: number },
): Promise<Uint8Array> {
  const limit = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  const headers = { range: `bytes=${start}-${start + length - 1}` };
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>();
  request(url, { agent, headers, signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) }, resolve).on('error', reject).end(); // prettier-ignore
  const answer = await promise;
  const { statusCode = 0, headers: { location } } = answer; // prettier-ignore
  if (statusCode >= 300 && statusCode < 400 && location !== undefined && redirects < MAX_REDIRECTS) {
    answer.resume();
    const next = new URL(location, url);
    if (next.protocol !== 'https:') throw new UnavailableError('the index leads to a plain address');
    return fetchRange(next.href, { start, length }, { agent, signal, redirects: redirects + 1 });
  }
  if (statusCode !== 206) {
    answer.destroy();
    throw new UnavailableError('the index has no ranges', { why: `it answered ${statusCode}` });
  }
  const parts: Buffer[] = [];
  let got = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part);
    if ((got += part.length) > length) throw new UnavailableError('the index answered with more than was asked for');
  }
  return Buffer.concat(parts);
}

async function readKept(path: string): Promise<Kept> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? validRows(value) : {};
  } catch {
    return {};
  }
}

function validRows(value: object): Kept {
  return Object.fromEntries(Object.entries(value).filter(([, row]) => isRow(row)));
}

function isRow(row: unknown): row is readonly [number, number] {
  return Array.isArray(row) && row.length === 2 && row.every((one) => Number.isSafeInteger(one) && one >= 0);
}

async function keep(path: string, kept: Kept): Promise<void> {
  await mkdir(indexCacheFolder(), { recursive: true });
  await writeAtomic(path, JSON.stringify(Object.fromEntries(Object.entries(kept).slice(-MAX_KEPT))));
}
