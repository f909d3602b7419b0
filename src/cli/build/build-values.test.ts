import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { attestations, buildArguments, parseCache, parseOutput, readSecrets, sshAgents } from './build-values.ts';

test('arguments have their values from the command line or from the environment, which also says of what time results are', () => {
  vi.stubEnv('SET', 'here');
  vi.stubEnv('SOURCE_DATE_EPOCH', '');
  expect(buildArguments(['A=b=c', 'SET', 'NOT_THERE_AT_ALL'])).toEqual({
    A: 'b=c',
    SET: 'here',
    NOT_THERE_AT_ALL: null,
  });
  vi.stubEnv('SOURCE_DATE_EPOCH', '1700000000');
  expect(buildArguments([])).toEqual({ SOURCE_DATE_EPOCH: '1700000000' });
  expect(buildArguments(['SOURCE_DATE_EPOCH=0'])).toEqual({ SOURCE_DATE_EPOCH: '0' });
  vi.unstubAllEnvs();
});

describe('secrets', () => {
  test('come from a file or from the environment', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'secrets-'));
    const path = join(folder.path, 'token');
    await writeFile(path, Buffer.from([0, 255, 10]));
    vi.stubEnv('TOKEN', 'of the environment');
    const found = await readSecrets([
      `id=a,src=${path}`,
      'id=b,env=TOKEN',
      'id=TOKEN',
      `type=file,id=c,source=${path}`,
    ]);
    const text = Buffer.from('of the environment').toString('base64');
    expect(found).toEqual({ a: 'AP8K', b: text, TOKEN: text, c: 'AP8K' });
    vi.unstubAllEnvs();
  });

  test.each([
    ['src=x', 'needs an id'],
    ['id=a,colour=red', 'has no colour'],
    ['id=a,src=/nonexistent/x', 'cannot read the secret'],
    ['id=a,env=NOT_THERE_AT_ALL', 'the environment has no NOT_THERE_AT_ALL'],
  ])('%s is refused', async (text, message) => {
    await expect(readSecrets([text])).rejects.toThrow(message);
  });
});

test('an agent is a socket by its id; default is that of the environment', () => {
  vi.stubEnv('SSH_AUTH_SOCK', '/run/agent');
  expect(sshAgents(['default', 'work=/run/other'])).toEqual({ default: '/run/agent', work: '/run/other' });
  vi.stubEnv('SSH_AUTH_SOCK', '');
  expect(() => sshAgents(['default'])).toThrow('has no agent');
  vi.unstubAllEnvs();
});

test.each([
  [parseOutput, 'out', { type: 'local', attributes: { dest: 'out' } }],
  [parseOutput, '-', { type: 'tar', attributes: { dest: '-' } }],
  [
    parseOutput,
    'type=oci,dest=a.tar,compression=zstd',
    { type: 'oci', attributes: { dest: 'a.tar', compression: 'zstd' } },
  ],
  [parseCache, 'host:5000/cache', { type: 'registry', attributes: { ref: 'host:5000/cache' } }],
  [parseCache, 'type=local,src=/c', { type: 'local', attributes: { src: '/c' } }],
])('%o reads %s', (parse, text, place) => {
  expect(parse(text)).toEqual(place);
});

test('the short forms of attestations come after the long one', () => {
  const given = {
    attest: ['type=sbom,generator=x', 'type=provenance,disabled=true'],
    sbom: undefined,
    provenance: 'mode=max',
  };
  expect(attestations(given)).toEqual({ sbom: { generator: 'x' }, provenance: { mode: 'max' } });
  expect(attestations({ ...given, sbom: 'false', provenance: undefined })).toEqual({});
});
