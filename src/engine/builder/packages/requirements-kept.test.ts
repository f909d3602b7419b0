import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRoot } from '#lib/files/open-root.ts';
import { findDistributions } from './find-distributions.ts';
import { keepsRequirements } from './requirements-kept.ts';

function install(tree: string, version: string, needs: readonly string[]): void {
  const record = join(tree, `usr/lib/python3/site-packages/asker-${version}.dist-info`);
  mkdirSync(record, { recursive: true });
  const lines = ['Metadata-Version: 2.1', 'Name: asker', `Version: ${version}`];
  writeFileSync(join(record, 'METADATA'), `${[...lines, ...needs.map((text) => `Requires-Dist: ${text}`)].join('\n')}\n\ntext\n`);
  writeFileSync(join(record, 'RECORD'), '');
} // prettier-ignore

test.each([
  ['the same in the words of another builder', ['charset-normalizer <4,>=2', "PySocks !=1.5.7 ; extra == 'use_socks'"], ['charset_normalizer<5', 'PySocks!=1.5.7; extra == "use-socks"'], true],
  ['more than before', ['idna'], ['idna', 'certifi'], true],
  ['less than before', ['idna', 'certifi'], ['idna'], false],
  ['another extra', ['idna[a]'], ['idna[b]'], false],
  ['another marker', ['idna; python_version < "3"'], ['idna; python_version < "4"'], false],
])('%s', (_, before, after, isKept) => {
  const place = mkdtempSync(join(tmpdir(), 'kept-'));
  try {
    install(join(place, 'one'), '1', before);
    install(join(place, 'two'), '2', after);
    using changed = openRoot(join(place, 'two'), { links: 'refuse' });
    const fresh = findDistributions(changed, { withFiles: false });
    expect(fresh.map(({ name }) => name)).toEqual(['asker']);
    expect(keepsRequirements(changed, fresh, [join(place, 'one')])).toBe(isKept);
  } finally {
    rmSync(place, { recursive: true });
  }
}); // prettier-ignore
