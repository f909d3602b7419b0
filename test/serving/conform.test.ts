import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openClient } from '#client/transport.ts';
import { buildBase } from '#project/base/build-base.ts';
import type { Conformance } from '#project/conform/conform-image.ts';
import { servingFolder } from '#project/serving-folder.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';

const BASE = 'python:3.11-slim';
const hasTools = process.getuid?.() === 0 && existsSync('/usr/bin/mmdebstrap');

const HANDLER = `
def predict(area: float, rooms: int = 1) -> float:
    """What a flat costs."""
    return area * 100 + rooms * 1000
`;
const DOCKERFILE = `FROM ${BASE}
COPY serving/requirements.txt /opt/berth/serving/
RUN pip install --no-cache-dir -r /opt/berth/serving/requirements.txt
COPY serving /opt/berth/serving
WORKDIR /app
COPY app.py .
ENV PYTHONPATH=/opt/berth/serving BERTH_SERVING_HANDLER=app:predict
EXPOSE 8080
USER 10001
ENTRYPOINT ["python", "-m", "berth_serving"]
`;
/** A server that breaks what platforms ask: one connection at a time, no /ping, deaf to SIGTERM. */
const BROKEN = `FROM ${BASE}
EXPOSE 8080
CMD python -c "import http.server as h, signal; signal.signal(15, signal.SIG_IGN); h.HTTPServer(('', 8080), h.SimpleHTTPRequestHandler).serve_forever()"
`;

let engine: TestEngine;

async function build(tag: string, dockerfile: string): Promise<void> {
  await using context = await mkdtempDisposable(join(tmpdir(), 'conform-'));
  await mkdir(join(context.path, 'serving'));
  for (const name of ['berth_serving', 'requirements.txt'])
    await cp(join(servingFolder(), name), join(context.path, 'serving', name), { recursive: true });
  await writeFile(join(context.path, 'app.py'), HANDLER);
  await writeFile(join(context.path, 'Dockerfile'), dockerfile);
  const { code, stderr, stdout } = await engine.berth('build', '-t', tag, context.path);
  expect(code, stdout + stderr).toBe(0);
}

async function conform(
  image: string,
  target: string,
): Promise<Conformance & { code: number; states: Record<string, string> }> {
  const { code, stdout, stderr } = await engine.berth('conform', '--json', '--target', target, image);
  expect(stdout, stderr).not.toBe('');
  const found = JSON.parse(stdout) as Conformance;
  return {
    ...found,
    code,
    states: Object.fromEntries(found.results.map(({ name, outcome }) => [name, outcome.state])),
  };
}

describe.skipIf(!hasTools)('contracts of platforms (need root, mmdebstrap and a package index)', () => {
  beforeAll(async () => {
    engine = await startEngine();
    const client = openClient({ kind: 'unix', path: engine.socket });
    await buildBase(client, BASE);
    client.close();
    await build('handler', DOCKERFILE);
    await build('broken', BROKEN);
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());

  test.each(['sagemaker', 'kserve', 'cog', 'http'])(
    'an image with the serving runtime conforms to %s',
    async (target) => {
      const { results, conforms, code } = await conform('handler', target);
      expect(results.filter(({ outcome }) => outcome.state === 'failed')).toEqual([]);
      expect({ conforms, code }).toEqual({ conforms: true, code: 0 });
    },
  );

  test('what breaks a contract is told with its reason, and its container is gone afterwards', async () => {
    const web = await conform('broken', 'http');
    expect(web.code).toBe(1);
    expect(web.states).toMatchObject({
      user: 'failed',
      'exec-form': 'failed',
      answers: 'passed',
      'graceful-end': 'failed',
    });
    const hosted = await conform('broken', 'sagemaker');
    expect(hosted.states).toMatchObject({ 'gets-ready': 'failed', invocations: 'skipped' });
    expect((await engine.docker('ps', '-aq')).stdout).toBe('');
  });

  test('what is asked wrongly is said', async () => {
    expect(await engine.berth('conform', '--target', 'moon', 'handler')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('moon is no target'),
    });
    expect((await engine.berth('conform', 'no-such-image')).code).toBe(1);
  });
});
