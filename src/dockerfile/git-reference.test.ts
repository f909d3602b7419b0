import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseGitReference, withoutCredentials } from './git-reference.ts';

interface Case {
  in: string;
  git?: boolean;
  error?: boolean;
  ref?: Record<string, unknown>;
}

const { cases } = JSON.parse(readFileSync(`${import.meta.dirname}/cases/git-references.json`, 'utf8')) as {
  cases: Case[];
};

/** As the cases have it: what is empty or false is absent. */
function toCase(text: string): Record<string, unknown> | undefined {
  const found = parseGitReference(text);
  if (found === undefined) return undefined;
  const { remote, shortName, ref, subdir, checksum, keepGitDir, submodules, fetchByCommit, mtime } = found;
  const { looksLocal, isUnencrypted } = found;
  const fields = {
    Remote: remote,
    ShortName: shortName,
    Ref: ref,
    SubDir: subdir,
    Checksum: checksum,
    KeepGitDir: keepGitDir || undefined,
    Submodules: submodules,
    FetchByCommit: fetchByCommit || undefined,
    MTime: mtime,
    IndistinguishableFromLocal: looksLocal || undefined,
    UnencryptedTCP: isUnencrypted || undefined,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

test.each(cases)('$in', ({ in: text, error = false, ref }) => {
  if (error) expect(() => parseGitReference(text)).toThrow();
  else expect(toCase(text)).toEqual(ref);
});

test('credentials are taken out of an address', () => {
  expect(withoutCredentials('https://user:secret@host/x.git')).toBe('https://host/x.git');
  expect(withoutCredentials('https://host/a@b.git')).toBe('https://host/a@b.git');
  expect(withoutCredentials('git@host:x.git')).toBe('git@host:x.git');
});
