import { expect, test } from 'vitest';
import { parseReport } from './pip-report.ts';

const SHA256 = 'a'.repeat(64);

function one(metadata: object, hashes: object): object {
  return { metadata, download_info: { archive_info: { hashes } } };
}

test('digests of what pip reports, and nothing of what is no report', () => {
  const install = [
    one({ name: 'Flask', version: '3.0' }, { sha256: SHA256 }),
    one({ name: 'odd', version: 3 }, { sha256: SHA256 }),
    one({ name: 'bad', version: '1' }, { sha256: '../x' }),
    { metadata: { name: 'folder', version: '1' }, download_info: { dir_info: {} } },
  ];
  expect(parseReport(JSON.stringify({ install }))).toEqual([{ name: 'Flask', version: '3.0', sha256: SHA256 }]);
  for (const text of ['', '{', 'null', '{"install":3}', '{"install":[null]}'])
    expect(parseReport(text), text).toEqual([]);
});
