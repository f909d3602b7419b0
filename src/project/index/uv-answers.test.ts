import { expect, test } from 'vitest';
import { conflictLines, namesToBuild, parseAnswer, parsePylock, unreachableHost } from './uv-answers.ts';
import { readZipDirectory } from './zip-directory.ts';

test('lines of an answer say who asked', () => {
  const text = 'click==8.1.7     # via flask, uvicorn\nflask==3.0.3     # via -r requirements.in\ntorch==2.4.1+cpu  # via -c constraints.txt, timm\n\n# a comment\n';
  expect(parseAnswer(text)).toEqual([
    { name: 'click', version: '8.1.7', via: ['flask', 'uvicorn'] },
    { name: 'flask', version: '3.0.3', via: [] },
    { name: 'torch', version: '2.4.1+cpu', via: ['timm'] },
  ]);
}); // prettier-ignore

test('wheels of a lock, and a package that has none', () => {
  const text = `lock-version = "1.0"
[[packages]]
name = "flask"
version = "3.0.3"
sdist = { url = "https://files.example/flask-3.0.3.tar.gz", size = 1, hashes = { sha256 = "00" } }
wheels = [{ url = "https://files.example/f/flask-3.0.3-py3-none-any.whl", upload-time = 2024-04-07T19:26:08Z, size = 101735, hashes = { sha256 = "ab" } }]

[[packages]]
name = "psycopg2"
version = "2.9.9"
sdist = { url = "https://files.example/psycopg2-2.9.9.tar.gz", size = 2, hashes = { sha256 = "cd" } }
`;
  expect([...parsePylock(text).values()]).toEqual([
    { name: 'flask', filename: 'flask-3.0.3-py3-none-any.whl', url: 'https://files.example/f/flask-3.0.3-py3-none-any.whl', bytes: 101735, sha256: 'ab' },
  ]);
}); // prettier-ignore

test('an index that cannot be reached is told from a conflict', () => {
  const dns = 'error: Failed to fetch: `https://user:secret@download.example/whl/cpu/torch/`\n  cause: dns error';
  expect(unreachableHost(dns)).toBe('download.example');
  const conflict = 'error: No solution found when resolving dependencies\n  cause: Because a==1 depends on b<2 and you require b==2, we can conclude that your requirements are unsatisfiable.';
  expect(unreachableHost(conflict)).toBeUndefined();
  expect(conflictLines(conflict)).toEqual(['Because a==1 depends on b<2 and you require b==2, we can conclude that your requirements are unsatisfiable.']);
}); // prettier-ignore

test('packages that would have to be built are named', () => {
  const text =
    'Because psycopg2==2.9.9 has no usable wheels and you require psycopg2==2.9.9, we can conclude that your requirements are unsatisfiable.\n\nhint: Wheels are required for `Psycopg2` because building from source is disabled';
  expect(namesToBuild(text)).toEqual(['psycopg2']);
  expect(conflictLines(text)).toHaveLength(1);
});

test('the directory of an archive is enough to know what it unpacks to', async () => {
  const name = Buffer.from('pkg/mod.py');
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(500, 20);
  entry.writeUInt32LE(2000, 24);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(100, 16);
  const archive = Buffer.concat([Buffer.alloc(100), entry, name, end]);
  const read = async (start: number, length: number) => archive.subarray(start, start + length);
  expect(await readZipDirectory(read, archive.length)).toEqual([
    { name: 'pkg/mod.py', method: 8, compressedBytes: 500, bytes: 2000, offset: 0 },
  ]);
  await expect(readZipDirectory(async () => new Uint8Array(50), 50)).rejects.toThrow('has no directory');
});
