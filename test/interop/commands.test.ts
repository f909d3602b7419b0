import { mkdtempDisposable } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { busyboxTar } from '../support/base-image.ts';
import { type CommandResult, startEngine, type TestEngine } from '../support/engine.ts';
import { COMMANDS, DIFFERENCES } from './commands.ts';
import { noPeer, openPeer } from './peer.ts';

const IMPORT = [
  'docker',
  'import',
  '--change',
  'CMD ["sh"]',
  '--change',
  'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
];

/** What differs from run to run, and between versions of Docker, told alike. */
function normalise({ code, stdout, stderr }: CommandResult): string {
  const text = `${stdout}${stderr}[${code}]`
    .replaceAll(/[0-9a-f]{64}/g, 'ID64')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID12')
    .replaceAll(/\b(?:10|172|192)\.\d+\.\d+\.\d+/g, 'IP')
    .replaceAll(/time=[0-9.]+ ms/g, 'TIME')
    .replaceAll(/(round-trip.*=) .*/g, '$1 TIME')
    .replaceAll(/\b\d{1,2}:\d{2}(?::\d{2})?\b/g, 'TIME')
    .replaceAll(/^.*DEPRECATED[^]*?variable\.\n\n/gm, '')
    .replaceAll('create shim task', 'create task for container')
    .replaceAll(/(failed to create task for container: )+/g, '$1')
    .replaceAll('error during container init: ', '')
    .replaceAll('is a directory: permission denied', 'permission denied')
    .replaceAll(/: unknown$/gm, '')
    .replaceAll(/::0\t/g, '::\t');
  return text.replaceAll(/(?<=daemon: )[A-Z]/g, (letter) => letter.toLowerCase());
}

async function runAll(engine: TestEngine, env: Record<string, string>): Promise<Map<string, string>> {
  const imported = await engine.command([...IMPORT, await busyboxTar(), 'busybox'], { env });
  expect(imported.code, imported.stderr).toBe(0);
  await using folder = await mkdtempDisposable('/tmp/b-shared-');
  const answers = new Map<string, string>();
  for (const [index, command] of COMMANDS.entries()) {
    const result = await engine.command(['sh', '-c', command], { env: { ...env, FOLDER: folder.path } });
    answers.set(`${index} ${command}`, normalise(result));
  }
  return answers;
}

describe.skipIf(noPeer !== undefined)(`beside Docker${noPeer === undefined ? '' : ` (${noPeer})`}`, () => {
  test('the docker client says and does the same with both engines', async () => {
    await using engine = await startEngine();
    await using peer = await openPeer();
    const ours = await runAll(engine, {});
    const theirs = await runAll(engine, { DOCKER_HOST: peer.host });
    const different = [...ours].filter(([key, text]) => text !== theirs.get(key));
    const unexplained = different.filter(([key]) => DIFFERENCES[key.replace(/^\d+ /, '')] === undefined);
    const report = unexplained.map(([key, text]) => `${key}\n--- berth\n${text}\n--- ${peer.name}\n${theirs.get(key)}`);
    expect(report.join('\n\n')).toBe('');
  }, 600_000);
});
