import { expect, test } from 'vitest';
import { parseCondaMeta, parseDpkgStatus, parseInfoName, parseMetadata, parseRecord } from './installed.ts';

test('a RECORD with quotes, commas and files without hash', () => {
  const text = 'a/b.py,sha256=abc,12\r\n"odd, ""name"".py",sha256=def,1\na,b.py,sha256=ghi,2\n../../../bin/x,,\n\n';
  expect(parseRecord(text)).toEqual([
    { path: 'a/b.py', sha256: 'abc' },
    { path: 'odd, "name".py', sha256: 'def' },
    { path: 'a,b.py', sha256: 'ghi' },
    { path: '../../../bin/x', sha256: undefined },
  ]);
});

test('names and versions', () => {
  expect(parseMetadata('Metadata-Version: 2.1\nName: Flask_Login\nVersion: 1.0\n\nName: other')).toEqual({
    name: 'flask-login',
    version: '1.0',
  });
  expect(parseMetadata('Summary: none\n\nName: body')).toBeUndefined();
  expect(parseInfoName('torch-2.4.1+cpu.dist-info')).toEqual({ name: 'torch', version: '2.4.1+cpu' });
  expect(parseInfoName('old-1.0-py3.9.egg-info')).toEqual({ name: 'old', version: '1.0' });
  expect(parseInfoName('nothing.egg-info')).toBeUndefined();
});

test('installed packages of dpkg; what was removed is none', () => {
  const text = [
    'Package: curl\nStatus: install ok installed\nVersion: 7.88\nDepends: x\n',
    'Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n',
    'Package: bad\n',
  ].join('\n');
  expect([...parseDpkgStatus(text)]).toEqual([['curl', '7.88']]);
});

test('a package of conda; what is none', () => {
  expect(parseCondaMeta('{"name":"mkl","version":"1","build":"h0","files":["lib/a",3]}')).toEqual({
    name: 'mkl',
    version: '1',
    build: 'h0',
    sha256: undefined,
    files: ['lib/a'],
  });
  expect(parseCondaMeta('{')).toBeUndefined();
  expect(parseCondaMeta('null')).toBeUndefined();
});
