import { existsSync } from 'node:fs';
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CancelledError } from '#lib/errors.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { buildBase } from '#project/base/build-base.ts';
import { type Check, DEBIAN_CHECKS, PYTHON_CHECKS } from '#project/base/checks.ts';
import { listBases } from '#project/base/list-bases.ts';
import { RECIPES, type Recipe } from '#project/base/recipes.ts';
import { type Client, openClient } from '#client/transport.ts';

const HOST_CA = '/etc/ssl/certs/ca-certificates.crt';
const CONTAINER_CA = '/run/check-ca.crt';
const hasTools = process.getuid?.() === 0 && existsSync('/usr/bin/mmdebstrap');
/** Everything for every stand-in takes some ten minutes; otherwise what is slow is tried in one of them. */
const isThorough = process.env['BERTH_TEST_ALL'] === '1';

let engine: TestEngine;
let client: Client;

describe.skipIf(!hasTools)('stand-ins (need root and mmdebstrap)', () => {
  beforeAll(async () => {
    engine = await startEngine();
    client = openClient({ kind: 'unix', path: engine.socket });
  });
  afterAll(async () => {
    client.close();
    await engine[Symbol.asyncDispose]();
  });

  test('hello-world prints its greeting', async () => {
    await buildBase(client, 'hello-world');
    const { code, stdout } = await engine.docker('run', '--rm', 'hello-world');
    expect(code).toBe(0);
    expect(stdout).toContain('Hello from Berth!');
  });

  test('a name without a recipe is refused with the names there are', async () => {
    await expect(buildBase(client, 'python:2.7')).rejects.toThrow('there is no stand-in for python:2.7');
  });

  test('a making that is cancelled leaves nothing', async () => {
    await using home = await mkdtempDisposable(join(tmpdir(), 'base-home-'));
    vi.stubEnv('XDG_CACHE_HOME', home.path);
    vi.stubEnv('TMPDIR', home.path);
    try {
      const signal = AbortSignal.timeout(3000);
      await expect(buildBase(client, 'debian:trixie-slim', { signal })).rejects.toThrow(CancelledError);
      expect(await readdir(join(home.path, 'berth', 'base'))).toEqual([]);
      expect(await readdir(home.path)).toEqual(['berth']);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('what one stage installs is copied into the next, as site-packages and bin', async () => {
    await buildBase(client, 'python:3.11-slim');
    const dockerfile = [
      'FROM python:3.11-slim AS builder',
      'RUN pip install --no-cache-dir flask',
      'FROM python:3.11-slim',
      'COPY --from=builder /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages',
      'COPY --from=builder /usr/local/bin /usr/local/bin',
      'RUN flask --version && python -c "import flask"',
      'USER nobody',
      'CMD ["flask", "--version"]',
    ];
    const built = await engine.command(['docker', 'build', '-q', '-t', 'staged', '-'], {
      input: dockerfile.join('\n'),
    });
    expect(built.code, built.stderr).toBe(0);
    const { code, stdout } = await engine.docker('run', '--rm', 'staged');
    expect(code).toBe(0);
    expect(stdout).toContain('Flask');
  });

  const recipes = RECIPES.filter(({ kind, suite, slim }) => {
    if (kind === 'python') return true;
    return kind === 'debian' && (isThorough || (suite === 'bookworm' && slim));
  });
  describe.each(recipes)('$name', (recipe) => {
    beforeAll(async () => void (await buildBase(client, recipe.name)));

    test('is listed and labelled', async () => {
      expect((await listBases(client)).find(({ name }) => name === recipe.name)?.state).toBe('stand-in');
      const { stdout } = await engine.docker(
        'image',
        'inspect',
        '-f',
        '{{index .Config.Labels "berth.standin"}}',
        recipe.name,
      );
      expect(stdout.trim()).toBe(recipe.name);
    });

    test.concurrent.each(checksFor(recipe))('$name', async (check) => {
      const { code, stdout, stderr } = await runCheck(recipe, check);
      expect(code, `${stdout}${stderr}`.slice(-2000)).toBe(0);
    });
  });
});

function checksFor({ kind, python = '' }: Recipe): readonly Check[] {
  const all = kind === 'python' ? PYTHON_CHECKS : DEBIAN_CHECKS;
  return (
    all
      .filter(({ versions }) => versions?.includes(python) ?? true)
      .filter(({ slow }) => slow !== true || isThorough || python === '3.11')
      // Of the other Pythons a third, each another one.
      .filter(
        (_, index) =>
          kind !== 'python' || isThorough || python === '3.11' || index % 3 === Number(python.split('.')[1]) % 3,
      )
  );
}

async function runCheck({ name, python = '' }: Recipe, { script, network }: Check): ReturnType<TestEngine['docker']> {
  const variables = [`V=${python}`, `L=/usr/local/lib/python${python}/site-packages`, 'DEBIAN_FRONTEND=noninteractive'];
  const isNeeded = network === true && existsSync(HOST_CA);
  if (isNeeded)
    for (const key of ['SSL_CERT_FILE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE']) variables.push(`${key}=${CONTAINER_CA}`);
  const volume = isNeeded ? ['-v', `${HOST_CA}:${CONTAINER_CA}:ro`] : [];
  const own = variables.flatMap((variable) => ['-e', variable]);
  return engine.docker(
    'run',
    '--rm',
    '--network',
    network === true ? 'host' : 'none',
    ...own,
    ...volume,
    name,
    'sh',
    '-euc',
    script,
  );
}
