import { describe, expect, test } from 'vitest';
import { lintDockerfile } from '#dockerfile/lint/lint-dockerfile.ts';
import { readDockerfile } from '#dockerfile/program.ts';
import type { ProjectPlan } from '../plan/plan.ts';
import { type DockerfileOptions, generateDockerfile } from './generate.ts';
import { testInstall, testPlan } from './test-plan.ts';

/** Without comments and empty lines. */
function lines(plan: Partial<ProjectPlan> = {}, options: DockerfileOptions = {}): string[] {
  const text = generateDockerfile(testPlan(plan), options);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const WEIGHTS = { format: 'onnx', madeWith: null };
const VARIANTS: readonly (readonly [string, Partial<ProjectPlan>])[] = [
  ['pip', {}],
  ['constraints', { constraints: ['numpy<2'], install: testInstall({ pins: ['flask==3.0.0'], before: '2024-01-01' }) }],
  ['an index', { indexes: ['https://download.pytorch.org/whl/cpu'], accelerator: 'gpu' }],
  ['all in exact versions', { install: testInstall({ exact: ['flask==3.0.0'], leftOut: ['triton'] }) }],
  ['an image for CUDA', { base: 'nvidia/cuda:12.1.1-cudnn8-devel-ubuntu22.04', accelerator: 'gpu' }],
  ['uv', { lock: { path: 'uv.lock', kind: 'uv' }, manager: 'uv' }],
  ['poetry', { lock: { path: 'poetry.lock', kind: 'poetry' }, manager: 'poetry' }],
  ['a compiler', { install: testInstall({ buildApt: ['gcc', 'libc6-dev'] }), apt: ['libgomp1'] }],
  ['the project itself', { install: testInstall({ arguments: ['flask==3'], needsProject: true }) }],
  ['a handler', { start: { kind: 'handler', module: 'predict.py', command: ['python', '-m', 'berth_serving'], environment: {}, directory: 'src' } }],
  ['weights', { models: [{ ...WEIGHTS, path: 'models/a.onnx', bytes: 5e8 }], hubModels: [{ name: 'org/model', hub: 'huggingface', revision: null, evidence: { file: 'app.py', line: 1 } }] }],
  ['secrets', { secrets: [{ name: 'netrc', why: 'packages.example.org asks who one is' }, { name: 'TOKEN', why: 'an address names it' }] }],
  ['nothing to start', { start: null, port: null, health: null }],
]; // prettier-ignore

describe.each(VARIANTS)('%s', (_, plan) => {
  test.each([true, false])('with BuildKit: %s, our own rules find nothing', (buildkit) => {
    const text = generateDockerfile(testPlan(plan), { buildkit, files: ['app.py', 'models/a.onnx'] });
    const found = lintDockerfile(readDockerfile(text), { facts: { text: () => 'flask==3.0.0\n' } });
    expect(found.map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
    if (!buildkit) expect(text).not.toMatch(/--mount|--exclude/);
  });
});

test('packages come before the code, the account before both', () => {
  expect(lines()).toEqual([
    'FROM python:3.11-slim',
    expect.stringMatching(/^RUN python -c 'import asyncio, /) as string,
    'ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1',
    'WORKDIR /app',
    'RUN useradd --create-home --no-log-init --uid 10001 app \\',
    ' && mkdir -p /app \\',
    ' && chown app:app /app',
    'COPY requirements.txt ./',
    'RUN --mount=type=cache,target=/root/.cache/pip \\',
    '    pip install -r requirements.txt',
    'COPY --chown=app:app . .',
    'USER app',
    'LABEL org.opencontainers.image.title=demo \\',
    '      berth.health=/health',
    'EXPOSE 8000',
    'HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \\',
    expect.stringContaining("c.request('GET', '/health')") as string,
    'CMD ["gunicorn","--bind","0.0.0.0:8000","app:app"]',
  ]);
});

test('versions that hold beside the manifest come as a file', () => {
  const text = lines({ constraints: ['numpy<2'] });
  expect(text).toContain('COPY .berth/constraints.txt .berth/');
  expect(text).toContain('    pip install -c .berth/constraints.txt -r requirements.txt');
  const exact = lines({ install: testInstall({ exact: ['a==1'] }), indexes: ['https://x.org/whl'] });
  expect(exact).toContain('    pip install --extra-index-url https://x.org/whl --no-deps -r .berth/requirements.txt');
  expect(exact).not.toContain('COPY requirements.txt ./');
});

test('generated files can come from a context of their own', () => {
  const plan = { constraints: ['numpy<2'] };
  expect(lines(plan, { filesFrom: 'berth-files' })).toContain('COPY --from=berth-files .berth/constraints.txt .berth/');
});

test('a manager works in a stage of its own, with its manifest and its lock', () => {
  const text = lines({
    lock: { path: 'uv.lock', kind: 'uv' },
    manifest: { path: 'pyproject.toml', kind: 'pyproject' },
    install: testInstall({ files: [] }),
  });
  expect(text[0]).toBe('FROM python:3.11-slim AS packages');
  expect(text).toContain('COPY pyproject.toml uv.lock ./');
  expect(text).toContain('    uv sync --frozen --no-dev --no-install-project');
  expect(text).toContain('COPY --from=packages /opt/venv /opt/venv');
});

test('commands of the plan stand above what is known of the lock', () => {
  const install = testInstall({ commands: [['uv', 'sync', '--frozen', '--extra', 'cpu']], tools: ['uv==0.9.7'] });
  const text = lines({ lock: { path: 'uv.lock', kind: 'uv' }, install });
  expect(text).toContain('    pip install uv==0.9.7');
  expect(text).toContain('    uv sync --frozen --extra cpu');
});

test('what a lock of Poetry, PDM or Pipenv says is installed by pip, if it says versions', () => {
  const install = testInstall({ files: [], arguments: ['flask>=3'], pins: ['flask==3.0.3'], commands: [['pdm', 'sync']], tools: ['pdm'] });
  const text = lines({ lock: { path: 'pdm.lock', kind: 'pdm' }, install });
  expect(text).toContain("    pip install -c .berth/constraints.txt 'flask>=3'");
  expect(text.join('\n')).not.toContain('pdm');
}); // prettier-ignore

test('an image without Python gets the one that is wanted', () => {
  const base = 'nvidia/cuda:12.1.1-cudnn8-devel-ubuntu22.04';
  const text = lines({ base, accelerator: 'gpu' }).join('\n');
  expect(text).toContain('add-apt-repository -y ppa:deadsnakes/ppa');
  expect(text).toContain('python3.11 -m venv /opt/venv');
  expect(text.indexOf('/opt/venv/bin:$PATH')).toBeLessThan(text.indexOf('pip install'));
  const own = lines({ base, python: { version: '3.10', why: 'x' }, install: testInstall({ buildApt: ['ninja-build'] }) });
  expect(own.join('\n')).not.toContain('deadsnakes');
  expect(own.filter((line) => line.includes('-m venv'))).toHaveLength(2);
  expect(lines({ base: 'python:3.11-slim' }).join('\n')).not.toContain('python3-venv');
}); // prettier-ignore

test('compilers stay behind', () => {
  const text = lines({ install: testInstall({ buildApt: ['gcc'] }) });
  expect(text.findIndex((line) => line.includes('gcc'))).toBeLessThan(text.indexOf('FROM python:3.11-slim'));
});

test('a project that is installed is copied before, and its packages before that', () => {
  const alone = lines({ install: testInstall({ files: ['pyproject.toml'], arguments: ['flask>=3'], needsProject: true }) });
  expect(alone.indexOf("    pip install 'flask>=3'")).toBeGreaterThan(0);
  expect(alone.indexOf('    pip install --no-deps .')).toBeGreaterThan(alone.indexOf('COPY --chown=app:app . .'));
  const whole = lines({ install: testInstall({ needsProject: true }) });
  expect(whole.indexOf('    pip install -r requirements.txt')).toBeGreaterThan(whole.indexOf('COPY --chown=app:app . .'));
}); // prettier-ignore

test('weights lie in layers of their own, the largest first, and are left out of the code', () => {
  const models = [
    { ...WEIGHTS, path: 'models/small.onnx', bytes: 2e6 },
    { ...WEIGHTS, path: 'models/large.onnx', bytes: 9e8 },
    { ...WEIGHTS, path: 'tiny.onnx', bytes: 1000 },
    { ...WEIGHTS, path: 'ignored.onnx', bytes: 9e9 },
  ];
  const files = ['app.py', 'models/small.onnx', 'models/large.onnx', 'tiny.onnx', 'models/labels.txt', 'static/x.css'];
  const text = lines({ models }, { files });
  expect(text.filter((line) => line.startsWith('COPY --chown'))).toEqual([
    'COPY --chown=app:app models/large.onnx ./models/',
    'COPY --chown=app:app models/small.onnx ./models/',
    'COPY --chown=app:app --exclude=models/large.onnx --exclude=models/small.onnx . .',
  ]);
  expect(lines({ models }, { files, buildkit: false }).filter((line) => line.startsWith('COPY --chown'))).toEqual([
    'COPY --chown=app:app models/large.onnx ./models/',
    'COPY --chown=app:app models/small.onnx ./models/',
    'COPY --chown=app:app app.py tiny.onnx ./',
    'COPY --chown=app:app models/labels.txt ./models/',
    'COPY --chown=app:app static/ ./static/',
  ]);
});

test('a folder that is a model is copied as one', () => {
  const models = [{ ...WEIGHTS, path: 'saved', bytes: 5e6 }];
  const files = ['app.py', 'saved/model.pb', 'saved/variables/x'];
  expect(lines({ models }, { files }).filter((line) => line.startsWith('COPY --chown'))).toEqual([
    'COPY --chown=app:app saved/ ./saved/',
    'COPY --chown=app:app --exclude=saved . .',
  ]);
});

test('models that are fetched by name are fetched while the image is built, if that is wanted', () => {
  const hubModels = [
    { name: "org/it's", hub: 'huggingface' as const, revision: 'v1', evidence: { file: 'app.py', line: 1 } },
  ];
  const text = lines({ hubModels }, { bakeModels: true }).join('\n');
  expect(text).toContain('ENV HF_HOME=/opt/hub/huggingface\nRUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN');
  expect(text).toContain(String.raw`snapshot_download('\''org/it\'\''s'\'', revision='\''v1'\'')`);
  expect(text).not.toContain('VOLUME');
});

test('secrets are mounted and never written down; those for models are not for installing', () => {
  const secrets = ['pip.conf', 'netrc', 'INDEX_TOKEN', 'HF_TOKEN'].map((name) => ({ name, why: 'x' }));
  const text = lines({ secrets }).join('\n');
  expect(text).toContain('--mount=type=secret,id=pip.conf,target=/etc/pip.conf');
  expect(text).toContain('--mount=type=secret,id=netrc,target=/root/.netrc');
  expect(text).toContain('--mount=type=secret,id=INDEX_TOKEN,env=INDEX_TOKEN');
  expect(text).not.toContain('HF_TOKEN');
});

test('manifests with passwords come without them', () => {
  const text = lines({}, { stripped: new Set(['requirements.txt']) });
  expect(text).toContain('COPY .berth/manifests/requirements.txt ./');
  expect(text).not.toContain('COPY requirements.txt ./');
});

test('what was measured is the budget of the health check', () => {
  const startup = { importMs: 900, readyMs: 5000, firstAnswerMs: 6400, peakMemoryBytes: 1 };
  expect(lines({}, { startup }).join('\n')).toContain('--start-period=45s');
  expect(lines({}, { startup }).join('\n')).toContain(String.raw`berth.startup="{\"importMs\":900`);
});

test('servers for development are ended by the signal they know', () => {
  const start = { kind: 'flask', module: 'app.py', environment: {}, directory: '' };
  expect(lines({ start: { ...start, command: ['flask', 'run'] } })).toContain('STOPSIGNAL SIGINT');
  expect(lines({ start: { ...start, command: ['gunicorn', 'app:app'] } })).not.toContain('STOPSIGNAL SIGINT');
});

test('names of a project add no line, no directive and no command', () => {
  const evil = 'syntax=evil/frontend\nRUN evil';
  const text = generateDockerfile(
    testPlan({
      directory: evil,
      base: 'python:3.11\nRUN evil',
      python: { version: '3.11', why: evil },
      install: testInstall({ files: [evil], arguments: [`x; rm -rf "$HOME"\nRUN evil`] }),
      start: { kind: 'flask', module: evil, command: ['x', evil], environment: { A: evil, [evil]: 'x' }, directory: evil },
      health: `/'\nRUN evil`,
      models: [{ ...WEIGHTS, path: `a\nRUN evil`, bytes: 5e8 }],
      decisions: [{ subject: 'packages', choice: 'x', why: evil }, { subject: 'system', choice: evil, why: evil }],
      apt: ['libgl1; evil'],
      secrets: [{ name: `x\nRUN evil`, why: evil }],
    }),
    { files: [`a\nRUN evil`] },
  ); // prettier-ignore
  expect(text).not.toMatch(/^\s*RUN evil/m);
  expect(text).not.toMatch(/^#\s*\w+\s*=/);
  expect(text).toContain(`'x; rm -rf "$HOME" RUN evil'`);
  expect(text).toContain(`'libgl1; evil'`);
});
