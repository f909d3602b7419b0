import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testPlan } from '#ml/dockerfile/test-plan.ts';
import { type Credentials, findCredentials } from './find-credentials.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'b-home-'));
});
afterEach(async () => rm(home, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), text);
}

interface Question {
  environment?: Record<string, string>;
  manifests?: string[];
  plan?: ReturnType<typeof testPlan>;
}

async function found({
  environment = {},
  manifests = [],
  plan = testPlan(),
}: Question): Promise<Record<string, string>> {
  const { values } = await credentials({ environment, manifests, plan });
  return Object.fromEntries([...values].map(([name, value]) => [name, value.toString()]));
}

/** No file of the machine that the test runs on is read. */
async function credentials({ environment = {}, manifests = [], plan = testPlan() }: Question): Promise<Credentials> {
  const own = { PIP_CONFIG_FILE: join(home, '.config/pip/pip.conf'), ...environment };
  return findCredentials({ plan, manifests, environment: own, home });
}

test('a project that names no index gets nothing, whatever the netrc holds', async () => {
  await write('.netrc', 'machine github.com login me password s3cret\n');
  expect(await found({ manifests: ['flask==3\n'] })).toEqual({});
});

test('an index of pip.conf goes on without its password, which goes into a netrc', async () => {
  await write(
    '.config/pip/pip.conf',
    '[global]\nindex-url = https://me:s3cret@pkg.example.org/simple\nextra-index-url =\n    https://one.example.org/\n    /opt/wheels\ntimeout = 3\n',
  );
  expect(await found({})).toEqual({
    'pip.conf':
      '[global]\nindex-url = https://pkg.example.org/simple\nextra-index-url =\n    https://one.example.org/\n',
    netrc: 'machine pkg.example.org login me password\ns3cret\n',
  });
});

test('variables stand above files, uv counts where pip says nothing', async () => {
  await write('.config/uv/uv.toml', '[[index]]\nname = "own"\nurl = "https://uv.example.org/simple"\n');
  const environment = { UV_INDEX_OWN_PASSWORD: 'pass-of-uv', PIP_INDEX_URL: 'https://pip.example.org/simple' };
  expect(await found({ environment })).toEqual({
    'pip.conf':
      '[global]\nindex-url = https://pip.example.org/simple\nextra-index-url =\n    https://uv.example.org/simple\n',
    netrc: 'machine uv.example.org login token password\npass-of-uv\n',
  });
});

test('an index that a manifest names by its name', async () => {
  const manifest = '[[tool.poetry.source]]\nname = "private-one"\nurl = "https://poetry.example.org/simple/"\n';
  const environment = { POETRY_HTTP_BASIC_PRIVATE_ONE_USERNAME: 'me', POETRY_HTTP_BASIC_PRIVATE_ONE_PASSWORD: 'pw-of-me' };
  expect(await found({ environment, manifests: [manifest] })).toEqual({
    netrc: 'machine poetry.example.org login me password\npw-of-me\n',
  });
}); // prettier-ignore

test('of a netrc only what is for hosts of the project', async () => {
  await write(
    '.netrc',
    'machine a.example.org login me password one-one\nmachine b.example.org login me password two-two\n',
  );
  const manifests = ['--extra-index-url https://b.example.org/simple\nflask\n'];
  expect(await found({ manifests })).toEqual({ netrc: 'machine b.example.org login me password\ntwo-two\n' });
});

test('passwords and variables in a manifest', async () => {
  const manifests = ['-i https://me:s3cret@x.example.org/\n--extra-index-url https://${WHO}:${TOKEN}@y.example.org/\n'];
  const { values, notes } = await credentials({ manifests, environment: { TOKEN: 'the-token' } });
  expect([...values.keys()]).toEqual(['netrc', 'TOKEN']);
  expect(notes.map(({ name }) => name)).toEqual(['netrc', 'WHO', 'TOKEN']);
  expect(JSON.stringify(notes)).not.toMatch(/s3cret|the-token/);
});

test('a token for models is for programs that fetch them', async () => {
  await write('.cache/huggingface/token', 'hf_abc\n');
  expect((await credentials({})).hubToken).toBeUndefined();
  const hubModels = [
    { name: 'org/model', hub: 'huggingface' as const, revision: null, evidence: { file: 'app.py', line: 1 } },
  ];
  expect((await credentials({ plan: testPlan({ hubModels }) })).hubToken?.toString()).toBe('hf_abc');
});
