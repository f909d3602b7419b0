import { expect, test } from 'vitest';
import { type AskedPackages, askedPackages, asksForMore, isInstallAlone } from './asked-packages.ts';
import { toolCalls } from './tool-calls.ts';

function asked(text: string, files: Record<string, string> = {}): AskedPackages | undefined {
  const [call] = toolCalls(text);
  return call === undefined ? undefined : askedPackages(call, (path) => files[path]);
}

function more(now: string, before: string): boolean {
  const [one, other] = [asked(now), asked(before)];
  return one !== undefined && other !== undefined && asksForMore(one, other);
}

test('what a call asks for, with its files', () => {
  const files = {
    'req/all.txt':
      '# all\n-r base.txt\nTorch == 2.4.1  # pinned\nrequests[socks]>=2 ; python_version < "3.13"\n--pre\n',
    'req/base.txt': 'numpy<2\n\n--extra-index-url https://example.org/simple\n',
  };
  expect(asked('pip install --no-cache-dir -r req/all.txt Flask_Login', files)).toEqual({
    options: ['--extra-index-url=https://example.org/simple', '--pre'],
    packages: {
      numpy: '<2',
      torch: '==2.4.1',
      'requests[socks];python_version<"3.13"': '>=2',
      'flask-login': '',
    },
  });
});

test.each([
  'pip install .',
  'pip install -e .',
  'pip install ./wheels/x.whl',
  'pip install x.whl',
  'pip install git+https://example.org/x',
  'pip install "x @ https://example.org/x.whl"',
  'pip install --target /x numpy',
  'pip install --user numpy',
  'pip install --force-reinstall numpy',
  'pip install --ignore-installed numpy',
  'pip install --require-hashes -r r.txt',
  'pip install $PACKAGES',
  'pip install -r missing.txt',
  'pip install',
  'pip download numpy',
  'uv pip install numpy',
])('%s is not taken apart', (text) => {
  expect(asked(text, { 'r.txt': 'numpy' })).toBeUndefined();
});

test('a file with hashes is not taken apart', () => {
  expect(asked('pip install -r r.txt', { 'r.txt': 'numpy==1 \\\n  --hash=sha256:abc' })).toBeUndefined();
});

test('asking for more is asking for all that was asked for, at any version, from the same places', () => {
  expect(more('pip install a==2 b', 'pip install a==1')).toBe(true);
  expect(more('pip install -q a==2', 'pip install a==1')).toBe(true);
  expect(more('pip install b', 'pip install a b')).toBe(false);
  expect(more('pip install a', 'pip install a[extra]')).toBe(false);
  expect(more('pip install -i https://example.org a', 'pip install a')).toBe(false);
});

test.each([
  ['pip install a', true],
  ['set -e; pip install a && rm -rf /root/.cache', true],
  ['pip install a && pip install b', false],
  ['pip install a && python train.py', false],
  ['pip install a || true', false],
  ['pip install a | tee log', false],
  ['pip install $(cat names)', false],
  ['cd /app && pip install a', false],
  ['pip install a &', false],
])('%s stands alone: %s', (text, isAlone) => {
  expect(isInstallAlone(text)).toBe(isAlone);
});
