import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { MIGRATIONS } from '../../migrations.ts';
import type { BuildEvent, VertexFacts } from '../progress/events.ts';
import type { BuildRecord, RecordedEvent, RecordedStep } from './build-record.ts';
import { type BuildRecordStore, openBuildRecords } from './build-records.ts';
import { openEventWriter, readEvents } from './event-file.ts';
import { profileBuild } from './profile.ts';
import { toOtlp, toTraceEvents } from './trace.ts';

let folder: string;
let database: Database;
let records: BuildRecordStore;

beforeEach(async () => {
  folder = await mkdtemp('/tmp/b-records-');
  database = openDatabase(join(folder, 'db'), MIGRATIONS);
  records = await openBuildRecords(database, join(folder, 'history'));
});
afterEach(async () => {
  database.close();
  await rm(folder, { recursive: true, force: true });
});

function stepOf(name: string, changes: Partial<RecordedStep> = {}): RecordedStep {
  const own = { digest: `sha256:${name}` as const, name, inputs: [], stage: '/0', isMinor: false, logBytes: 0 };
  return { ...own, started: 100, completed: 200, isCached: false, error: undefined, ...changes };
}

function recordOf(ref: string, changes: Partial<BuildRecord> = {}): BuildRecord {
  const named = { ref, name: 'x:latest', context: '.', dockerfile: 'Dockerfile', target: '', platforms: [], asked: {} };
  const ended = { started: Date.now(), completed: Date.now() + 400, status: 'completed' as const, error: undefined };
  const more = { steps: [], findings: [], outputs: [], response: {}, materials: [], lock: undefined, isPinned: false };
  return { ...named, ...ended, ...more, ...changes };
}

async function add(record: BuildRecord): Promise<void> {
  const run = { ref: record.ref, record: () => record, events: () => [] };
  records.begin(run);
  await records.end(run);
}

test('builds are listed newest first, found by the beginning of their name, and told of as they come and go', async () => {
  const told: string[] = [];
  const stop = records.watch(({ kind, record }) => told.push(`${kind} ${record.ref}`));
  await add(recordOf('abc', { started: Date.now() - 5 }));
  await add(recordOf('abd'));
  expect(records.list().map(({ ref }) => ref)).toEqual(['abd', 'abc']);
  expect(records.get('abc').ref).toBe('abc');
  expect(() => records.get('ab')).toThrow('several builds');
  expect(() => records.get('x')).toThrow('no build x');
  await records.remove('abd');
  stop();
  await add(recordOf('last'));
  expect(told).toEqual(['started abc', 'completed abc', 'started abd', 'completed abd', 'removed abd']);
});

test('a running build is listed, and cannot be removed', async () => {
  const run = { ref: 'on', record: () => recordOf('on', { status: 'running' }), events: () => [] };
  records.begin(run);
  expect(records.list()).toHaveLength(1);
  await expect(records.remove('on')).rejects.toThrow('is running');
});

test('too many builds and old ones go, but not those that are pinned; files without a record go at the start', async () => {
  await add(recordOf('old', { started: 1 }));
  await add(recordOf('pinned', { started: 2, isPinned: true }));
  for (let index = 0; index < 105; index++) await add(recordOf(`b${index}`, { started: Date.now() + index }));
  const refs = records.list().map(({ ref }) => ref);
  expect(refs).toHaveLength(101);
  expect(refs).toContain('pinned');
  expect(refs).not.toContain('old');
  expect(refs).not.toContain('b0');
  await writeFile(join(folder, 'history/stray'), '');
  records.flush();
  await openBuildRecords(database, join(folder, 'history'));
  const reopened = await openBuildRecords(database, join(folder, 'history'));
  expect(reopened.list()).toEqual(records.list());
  expect(await readdir(join(folder, 'history'))).toEqual([]);
});

const vertex: VertexFacts = {
  digest: 'sha256:v',
  name: 'RUN x',
  inputs: [],
  stage: '/0',
  step: undefined,
  isMinor: false,
  lines: undefined,
};

test('what a build told is read back, output included, up to a limit', async () => {
  const path = join(folder, 'events');
  const writer = openEventWriter(path);
  const events: BuildEvent[] = [
    { kind: 'started', vertex, time: 1 },
    { kind: 'log', vertex, stream: 'stdout', bytes: Buffer.from([0xff, 0, 10]) },
    ...Array.from({ length: 20 }, (): BuildEvent => ({
      kind: 'log',
      vertex,
      stream: 'stderr',
      bytes: Buffer.alloc(1024 * 1024),
    })),
    { kind: 'completed', vertex, time: 2, outcome: { isCached: false } },
  ];
  for (const event of events) writer.write({ time: 5, event });
  await writer.close();
  await writeFile(path, '{"time":7,"eve', { flag: 'a' });
  const read: RecordedEvent[] = await Array.fromAsync(readEvents(path));
  expect(read[1]).toMatchObject({
    time: 5,
    event: { kind: 'log', stream: 'stdout', bytes: Buffer.from([0xff, 0, 10]) },
  });
  expect(read.filter(({ event }) => event.kind === 'log').length).toBeLessThan(10);
  expect(read.some(({ event }) => event.kind === 'note' && event.text.includes('is not kept'))).toBe(true);
  expect(read.at(-1)?.event).toMatchObject({ kind: 'completed' });
  expect(await Array.fromAsync(readEvents(join(folder, 'nothing')))).toEqual([]);
});

test('a profile names what took the time, and what the rest waited for', () => {
  const steps = [
    stepOf('base', { started: 0, completed: 10, isCached: true }),
    stepOf('fast', { started: 10, completed: 50, inputs: ['sha256:base'] }),
    stepOf('slow', { started: 10, completed: 300, inputs: ['sha256:base'], bytes: 9 }),
    stepOf('minor', { started: 300, completed: 301, isMinor: true }),
    stepOf('last', { started: 300, completed: 400, inputs: ['sha256:fast', 'sha256:slow'] }),
  ];
  const { wallMs, criticalMs, rows } = profileBuild(recordOf('p', { started: 0, completed: 400, steps }));
  expect([wallMs, criticalMs]).toEqual([400, 400]);
  expect(rows.map(({ name, isCritical }) => [name, isCritical])).toEqual([
    ['base', true],
    ['fast', false],
    ['slow', true],
    ['last', true],
  ]);
});

test('traces have a span for each vertex, in both forms', () => {
  const why = { reason: 'first' as const, text: 'new', changes: [] };
  const record = recordOf('t', {
    started: 50,
    completed: 450,
    steps: [stepOf('a', { why }), stepOf('b', { stage: undefined, error: 'no' })],
  });
  const { traceEvents } = toTraceEvents(record) as { traceEvents: Record<string, unknown>[] };
  expect(traceEvents.filter(({ ph }) => ph === 'X')).toMatchObject([
    { name: 'a', ts: 50_000, dur: 100_000, tid: 1, args: { cached: false, why: 'new' } },
    { name: 'b', tid: 2, args: { error: 'no' } },
  ]);
  const otlp = toOtlp(record) as { resourceSpans: [{ scopeSpans: [{ spans: Record<string, unknown>[] }] }] };
  const [root, first, second] = otlp.resourceSpans[0].scopeSpans[0].spans;
  expect(root).toMatchObject({ startTimeUnixNano: '50000000', endTimeUnixNano: '450000000', status: { code: 1 } });
  expect(first).toMatchObject({ name: 'a', parentSpanId: root?.['spanId'], traceId: root?.['traceId'] });
  expect(second).toMatchObject({ status: { code: 2, message: 'no' } });
  expect(String(first?.['traceId'])).toMatch(/^[0-9a-f]{32}$/);
});
