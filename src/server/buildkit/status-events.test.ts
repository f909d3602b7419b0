import { expect, test } from 'vitest';
import type { Vertex } from '#engine/builder/progress/events.ts';
import { createReport } from '#engine/builder/progress/report.ts';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import { STATUS_RESPONSE, type StatusResponse } from './messages/control.ts';
import { createStatusEvents, type StatusPieces } from './status-events.ts';
import { createStatusLog } from './status-log.ts';

const SOURCE = { name: 'Dockerfile', text: 'FROM a\nRUN b\n' };

function follow(work: (report: ReturnType<typeof createReport>) => void): StatusResponse[] {
  const told: StatusPieces[] = [];
  const toStatus = createStatusEvents(() => SOURCE);
  work(
    createReport('ref', (event) => {
      const pieces = toStatus(event);
      if (pieces !== undefined) told.push(pieces);
    }),
  );
  return told.map((pieces) => decodeMessage(STATUS_RESPONSE, encodeMessage(STATUS_RESPONSE, pieces)));
}

const run = (report: ReturnType<typeof createReport>): Vertex =>
  report.start({ name: '[1/1] RUN b', lines: { start: 2, end: 2 }, step: { number: 1, total: 1, text: 'RUN b' } });

test('a step is a vertex with its output and its end', () => {
  const told = follow((report) => {
    const vertex = run(report);
    vertex.log('stdout', Buffer.from('out'));
    vertex.log('stderr', Buffer.from('err'));
    vertex.note('by the way');
    vertex.running('0123456789ab');
    vertex.complete({ isCached: true });
  });
  const [begin, out, error, note, end] = told;
  expect(begin?.vertexes[0]).toMatchObject({ name: '[1/1] RUN b', cached: false, completed: undefined });
  expect([out, error, note].map((pieces) => [Number(pieces?.logs[0]?.stream), String(pieces?.logs[0]?.msg)])).toEqual([
    [1, 'out'],
    [2, 'err'],
    [2, 'by the way\n'],
  ]);
  expect(end?.vertexes[0]).toMatchObject({ cached: true, error: '', started: begin?.vertexes[0]?.started });
  expect(told).toHaveLength(5);
});

test('what happens within a millisecond keeps its order', () => {
  const times = follow((report) => {
    for (let count = 0; count < 20; count++) run(report).complete({ isCached: true });
  }).map(({ vertexes: [vertex] }) => {
    const { seconds = 0, nanos = 0 } = vertex?.completed ?? vertex?.started ?? {};
    return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  });
  expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));
  expect(new Set(times).size).toBe(40);
});

test('errors are in the words of this protocol', () => {
  const errors = follow((report) => {
    run(report).complete({ isCached: false, error: "The command 'sh -c a' returned a non-zero code: 7" });
    run(report).complete({ isCached: false, error: 'whatever', isCanceled: true });
  }).flatMap(({ vertexes: [vertex] }) => (vertex?.error === '' ? [] : [vertex?.error]));
  expect(errors).toEqual(['process "sh -c a" did not complete successfully: exit code: 7', 'context canceled']);
});

test('steps that only change the config are not shown unless they fail', () => {
  const told = follow((report) => {
    report.start({ name: 'ENV a=b', isMinor: true }).complete({ isCached: false });
    report.start({ name: 'ENV c', isMinor: true }).complete({ isCached: false, error: 'no' });
  });
  expect(told.map(({ vertexes: [vertex] }) => [vertex?.name, vertex?.error])).toEqual([['ENV c', 'no']]);
});

test('what a step writes is cut when it is too much', () => {
  const told = follow((report) => {
    const vertex = run(report);
    for (let count = 0; count < 30; count++) vertex.log('stdout', Buffer.alloc(100_000, 'x'));
  });
  const logs = told.flatMap(({ logs: pieces }) => pieces.map(({ msg }) => Buffer.from(msg)));
  expect(Buffer.concat(logs).length).toBeLessThan(2_200_000);
  expect(logs.at(-1)?.toString().slice(-60)).toContain('[output clipped, log limit 2MiB reached]');
});

test('a finding is a warning with its place, at the vertex that read the file', () => {
  const finding = {
    code: 'SomeRule',
    severity: 'warning',
    message: 'this is so',
    description: 'it should not be',
    fix: 'change it',
    lines: { start: 2, end: 2 },
  } as const;
  const told = follow((report) => {
    report.start({ name: '[internal] load build definition from Dockerfile' }).complete({ isCached: false });
    report.finding(finding);
  });
  const [warning] = told.at(-1)?.warnings ?? [];
  expect(warning).toMatchObject({ vertex: told[0]?.vertexes[0]?.digest, level: 1, ranges: [{ start: { line: 2 } }] });
  expect(String(warning?.short)).toBe('SomeRule: this is so (line 2)');
  expect(warning?.detail.map(String)).toEqual(['it should not be', 'change it']);
  expect(String(warning?.info?.data)).toBe(SOURCE.text);
});

test('a remark about the build is a warning too', () => {
  const told = follow((report) => {
    report.start({ name: '[internal] load build definition from Dockerfile' });
    report.remark('[Warning] this has no effect');
    report.remark('# Executing 1 build trigger');
  });
  const [begin, ...others] = told;
  const warnings = others.flatMap(({ warnings: some }) => some.map(({ vertex, short }) => [vertex, String(short)]));
  expect(warnings).toEqual([[begin?.vertexes[0]?.digest, 'this has no effect']]);
});

test('what the Engine API tells of a pull has beginnings and ends', () => {
  const told = follow((report) => {
    const vertex = run(report);
    vertex.message({ status: 'Pulling from a' });
    vertex.message({ id: 'l1', status: 'Downloading', progressDetail: { current: 1, total: 10 } });
    vertex.message({ id: 'l1', status: 'Extracting', progressDetail: { current: 5, total: 10 } });
    vertex.message({ id: 'l1', status: 'Pull complete' });
    vertex.complete({ isCached: false });
  });
  const statuses = told.flatMap(({ statuses: some }) => some).map(({ id, completed }) => [id, completed !== undefined]);
  expect(statuses).toEqual([
    ['downloading l1', false],
    ['downloading l1', true],
    ['extracting l1', false],
    ['extracting l1', true],
  ]);
});

test('progress that comes fast is told now and then, its end always', () => {
  const told = follow((report) => {
    const vertex = run(report);
    const status = { id: 'transferring', total: 1000, started: Date.now(), completed: undefined };
    for (let current = 0; current < 1000; current++) vertex.status({ ...status, current });
    vertex.status({ ...status, current: 1000, completed: Date.now() });
  });
  const statuses = told.flatMap(({ statuses: some }) => some);
  expect(statuses.length).toBeLessThan(50);
  expect(statuses.at(-1)).toMatchObject({ current: 1000, completed: { seconds: expect.any(Number) } });
});

test('who comes late hears everything, and who leaves hears no more', async () => {
  const log = createStatusLog();
  const left = new AbortController();
  const heard = async (signal: AbortSignal): Promise<string[]> => {
    const names: string[] = [];
    for await (const { vertexes = [] } of log.follow(signal)) names.push(...vertexes.map(({ name }) => name ?? ''));
    return names;
  };
  const leaving = heard(left.signal);
  const staying = heard(new AbortController().signal);
  log.add({ vertexes: [{ name: 'a' }] });
  await new Promise((resolve) => setImmediate(resolve));
  left.abort();
  expect(await leaving).toEqual(['a']);
  for (let count = 0; count < 1200; count++) log.add({ vertexes: [{ name: 'b' }] });
  log.end();
  expect(await staying).toHaveLength(1201);
  expect(await heard(new AbortController().signal)).toHaveLength(1201);
});
