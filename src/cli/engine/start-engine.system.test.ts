import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#lib/run.ts';

const CLI = `${process.execPath} ${resolve('src/cli/main.ts')}`;

/** Runs a script where the places of this host's own engine are empty, and takes away what it started. */
async function elsewhere(script: string): Promise<{ stdout: string; stderr: string }> {
  const folders = 'mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /run';
  const whole = `${folders} && berth() { ${CLI} "$@"; }; ${script}; berth uninstall -y >/dev/null`;
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/root' };
  return run(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', whole], { env });
}

test('an engine is started for the first command that needs one, and said so once', async () => {
  const { stdout, stderr } = await elsewhere(
    'berth engine status; echo "before: $?"; berth ps -q; berth engine status | head -n 1; berth images -q; berth engine stop',
  );
  expect(stdout).toMatch(/^not running .*\nbefore: 3\nrunning \(unix:\/\/\/run\/berth\/berth\.sock\)\nstopped/);
  expect(stderr).toMatch(/^berth: started the engine \(process \d+, log \S+\)\n$/);
});

test('commands that come at once share one engine', async () => {
  const { stdout, stderr } = await elsewhere('for n in 1 2 3; do (berth ps -q && echo "done $n") & done; wait');
  expect(stdout.split('\n').filter((line) => line.startsWith('done'))).toHaveLength(3);
  expect(stderr.match(/started the engine/g)).toHaveLength(1);
});

test('an engine that cannot start says why', async () => {
  const env = 'mkdir -p /run/none && ln -s $(command -v ps sh find) /run/none/; PATH=/run/none';
  const { stderr } = await elsewhere(`(${env}; berth ps); true`);
  expect(stderr).toMatch(/^berth: the engine did not start: .*\n {2}why: .*\n {2}fix: .*\n$/);
});
