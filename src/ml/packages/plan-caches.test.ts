import { expect, test } from 'vitest';
import { applyEdits, type CachePlan, type CacheQuestion, planCaches } from './plan-caches.ts';
import { toolCalls, toolCallsOfWords } from './tool-calls.ts';

interface Asked extends Partial<Omit<CacheQuestion, 'environment'>> {
  environment?: Record<string, string>;
}

/** Caches of a shell text, and the text that is run. */
function plan(text: string, asked: Asked = {}): { caches: string[]; text: string; unset: readonly string[] } {
  const environment = new Map(Object.entries(asked.environment ?? {}));
  const question = { text, calls: toolCalls(text), mounts: [], copied: [], mayOverride: () => true };
  const { caches, edits, unset } = planCaches({ ...question, ...asked, environment });
  return { caches: caches.map(({ name }) => name), text: applyEdits(text, edits), unset };
}

function planned(text: string): CachePlan {
  const question = { text, calls: toolCalls(text), mounts: [], copied: [], mayOverride: () => true };
  return planCaches({ ...question, environment: new Map() });
}

function removes(text: string): boolean {
  return planned(text).removesLists;
}

function shared(text: string, path: string): boolean {
  return planned(text).caches[0]?.shared.test(path) ?? false;
}

test.each([
  ['pip install numpy', ['pip']],
  ['python -m pip install -r requirements.txt && rm -rf /root/.cache', ['pip']],
  ['pip install uv && uv pip install --system torch', ['pip', 'uv']],
  ['uv sync --frozen', ['uv']],
  ['apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*', ['apt']],
  ['apt-get update && pip install numpy', ['pip', 'apt']],
  ['poetry install --only main', ['poetry']],
  ['conda install -y numpy && conda clean -afy', ['conda']],
  ['npm ci', ['npm']],
  ['go build ./...', ['go']],
  ['sh -c "pip install numpy"', ['pip']],
  // What is left alone.
  ['pip freeze', []],
  ['pip --version', []],
  ['apk add --no-cache gcc', []],
  ['dnf install -y gcc', []],
  ['pdm sync --prod', []],
  ['pnpm install', []],
  ['yarn install', []],
  ['cargo build', []],
  ['huggingface-cli download gpt2', []],
  ['python -c "from huggingface_hub import snapshot_download"', []],
  ['uvx ruff check && uv sync', []],
  ['uv run app.py && uv sync', []],
  ['npm ci && npx playwright install', []],
  ['apt-get install -y --download-only gcc', []],
  ['apt-get install -y gcc && cp /var/cache/apt/archives/*.deb /debs', []],
  ['pip install numpy && cp -r /root/.cache/pip /cache', []],
  ['PIP_CACHE_DIR=/x pip install numpy', []],
  ['export PIP_CACHE_DIR=/x && pip install numpy', []],
  ['pip install --cache-dir /x numpy', []],
  ['pip install --cache-dir=/x numpy', []],
  ['pip install numpy && env > /environment', []],
  ['pip install numpy && ls /run/berth/cache', []],
])('%s', (text, caches) => {
  expect(plan(text).caches).toEqual(caches);
});

test('what keeps a cache out of the image is taken away, and nothing else', () => {
  expect(plan('pip install --no-cache-dir  numpy && echo --no-cache-dir').text).toBe(
    'pip install   numpy && echo --no-cache-dir',
  );
  expect(plan("pip --no-cache-dir install 'a b' \\\n  --no-cache-dir").text).toBe("pip  install 'a b' \\\n  ");
  expect(plan('uv --no-cache sync -n', {}).text).toBe('uv  sync ');
  expect(plan('pip install x', { environment: { PIP_NO_CACHE_DIR: '1' } })).toMatchObject({
    caches: ['pip'],
    unset: ['PIP_NO_CACHE_DIR'],
  });
});

test('what was switched off stays off where it cannot be told apart, or must', () => {
  const no = { mayOverride: () => false };
  expect(plan('pip install --no-cache-dir numpy', no)).toMatchObject({
    caches: [],
    text: 'pip install --no-cache-dir numpy',
  });
  expect(plan('sh -c "pip install --no-cache-dir numpy"').caches).toEqual([]);
  expect(plan('PIP_NO_CACHE_DIR=1 pip install numpy').caches).toEqual([]);
});

test('what empties a cache empties the one that would be in the image', () => {
  expect(plan('pip install x && pip cache purge').text).toBe('pip install x && env -u PIP_CACHE_DIR pip cache purge');
  expect(plan('apt-get install -y x && apt-get clean').text).toBe(
    'apt-get install -y x && env -u APT_CONFIG apt-get clean',
  );
  expect(plan('conda install x; conda clean -afy').text).toBe(
    'conda install x; env -u CONDA_PKGS_DIRS conda clean -afy',
  );
});

test('a Dockerfile that looks after a cache itself has its way', () => {
  expect(plan('pip install x', { environment: { PIP_CACHE_DIR: '/x' } }).caches).toEqual([]);
  expect(plan('uv sync', { environment: { UV_LINK_MODE: 'symlink' } }).caches).toEqual([]);
  expect(plan('uv sync', { environment: { UV_LINK_MODE: 'copy' } }).caches).toEqual(['uv']);
  for (const mount of ['/root/.cache/pip', '/root/.cache', '/root', '/home/app/.cache/uv'])
    expect(plan('pip install x', { mounts: [mount] }).caches, mount).toEqual([]);
  expect(plan('pip install x', { mounts: ['/run'] }).caches).toEqual([]);
  expect(plan('pip install x', { mounts: ['/app', '/run/secrets/token'] }).caches).toEqual(['pip']);
  expect(plan('apt-get install -y x', { mounts: ['/var/cache/apt'] }).caches).toEqual([]);
  expect(plan('pip install x', { copied: ['/root/.cache'] }).caches).toEqual([]);
});

test('lists of apt go elsewhere only if the step removes them', () => {
  expect(removes('apt-get update && apt-get install -y x && rm -rf /var/lib/apt/lists/*')).toBe(true);
  expect(removes('apt-get update && rm -fr /var/lib/apt/lists /tmp/*')).toBe(true);
  expect(removes('apt-get update')).toBe(false);
});

test('options of a command that is a list of words are left out', () => {
  const words = ['pip', 'install', '--no-cache-dir', 'x'];
  const { caches, dropped } = planCaches({
    text: '',
    calls: toolCallsOfWords(words),
    environment: new Map(),
    mounts: [],
    copied: [],
    mayOverride: () => true,
  });
  expect(caches).toHaveLength(1);
  expect(words.filter((word) => !dropped.includes(word))).toEqual(['pip', 'install', 'x']);
});

test('what depends on the image it was made in is not shared', () => {
  expect(shared('pip install x', 'http-v2/a/b')).toBe(true);
  expect(shared('pip install x', 'wheels/a/b.whl')).toBe(false);
  expect(shared('uv sync', 'archive-v0/x')).toBe(true);
  for (const path of ['sdists-v9/x', 'interpreter-v4/x', 'environments-v2/x', 'builds-v0'])
    expect(shared('uv sync', path), path).toBe(false);
  expect(shared('apt-get install x', 'archives/x_1_amd64.deb')).toBe(true);
  expect(shared('apt-get install x', 'archives/partial/x')).toBe(false);
  expect(shared('apt-get install x', 'lists/lock')).toBe(false);
});
