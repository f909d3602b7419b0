import { expect, test } from 'vitest';
import { startEngine } from '../../../test/support/engine.ts';

const RUN = {
  schemaVersion: 1, id: 'aa11bb22cc33', project: 'iris', directory: '/x', started: '2026-01-02T03:04:05.000Z', ended: null, status: 'succeeded', exitCode: 0, commit: null, isDirty: null, diff: null,
  image: `sha256:${'0'.repeat(64)}`, command: ['python', 'train.py'], parameters: { lr: '0.1' }, data: [], metrics: [{ name: 'loss', points: [[1, 0.5], [2, 0.25]] }], outputs: [{ path: 'model.pkl', bytes: 5 }],
  seconds: 1.5, peakMemoryBytes: null, cause: null,
}; // prettier-ignore

test('records of trainings are taken, listed, compared, exported, and removed', async () => {
  await using engine = await startEngine();
  const put = async (run: object, id = RUN.id): Promise<number> =>
    (await engine.request('PUT', `/berth/runs/${id}`, run)).status;
  expect(await put(RUN)).toBe(204);
  expect(await put({ ...RUN, id: 'bb11bb22cc33', parameters: { lr: '0.2' } }, 'bb11bb22cc33')).toBe(204);
  expect(await put(RUN, 'bb11bb22cc33')).toBe(400);
  expect(await put({ ...RUN, status: 'odd' })).toBe(400);
  const { text } = await engine.request('GET', '/berth/runs/aa11');
  expect(JSON.parse(text)).toEqual(RUN);
  const listed = await engine.berth('runs', 'ls', '--format', '{{.ID}} {{.Status}} {{.Metrics}}');
  expect(listed.stdout).toContain('aa11bb22cc33 succeeded loss 0.25\n');
  const compared = await engine.berth('runs', 'diff', 'aa11', 'bb11');
  expect(compared).toMatchObject({ code: 1, stdout: expect.stringMatching(/parameter lr\s+0\.1\s+0\.2/) });
  expect((await engine.berth('runs', 'export', '--csv')).stdout.split('\n')[0]).toContain('parameter lr,metric loss');
  expect(await engine.berth('runs', 'rm', 'bb11')).toMatchObject({ code: 0 });
  expect((await engine.berth('runs', 'ls', '-q')).stdout).toBe('aa11bb22cc33\n');
  expect(await engine.berth('runs', 'show', 'cc')).toMatchObject({ code: 1 });
});
