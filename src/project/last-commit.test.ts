import { access, appendFile, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { lastCommit } from './last-commit.ts';

test('the day of the last commit, and nothing that the repository names is run', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-commit-'));
  const git = (...words: string[]) =>
    run(['git', '-c', 'user.name=a', '-c', 'user.email=a@b.example', '-C', folder.path, ...words], {
      env: { PATH: process.env['PATH'] ?? '', GIT_COMMITTER_DATE: '2022-04-18T12:00:00Z', GIT_CONFIG_GLOBAL: '/dev/null' },
    }); // prettier-ignore
  await git('init', '-q');
  await git('commit', '-q', '--allow-empty', '-m', 'first');
  const marker = join(folder.path, 'ran');
  await writeFile(join(folder.path, 'evil'), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
  const evil = join(folder.path, 'evil');
  await appendFile(
    join(folder.path, '.git/config'),
    `[log]\n\tshowSignature = true\n[gpg]\n\tprogram = ${evil}\n[core]\n\tfsmonitor = ${evil}\n\tpager = ${evil}\n\tsshCommand = ${evil}\n`,
  );
  expect(await lastCommit(folder.path)).toBe('2022-04-18');
  await expect(access(marker)).rejects.toThrow('ENOENT');
});

test('a folder without a repository has no such day', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-commit-'));
  expect(await lastCommit(folder.path)).toBeUndefined();
});
