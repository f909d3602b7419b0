import { expect, test } from 'vitest';
import { parseRequirement, repairRequirement, requirementText } from './requirements.ts';

test.each([
  ['flask', 'flask'], ['Flask_SQLAlchemy==3.1', 'flask-sqlalchemy==3.1'], ['numpy >= 1.20 , < 2', 'numpy>=1.20,<2'], ['uvicorn[standard] == 0.30.0', 'uvicorn[standard]==0.30.0'], ['a[b, c]~=1.0', 'a[b,c]~=1.0'],
  ['requests (>=2.0)', 'requests>=2.0'], ['x==1.0;python_version<"3.9"', 'x==1.0; python_version<"3.9"'], ["x ; sys_platform == 'linux'", "x; sys_platform == 'linux'"], ['torch==2.0.1+cu118', 'torch==2.0.1+cu118'], ['a==1.*', 'a==1.*'], ['a!=1.5,>=1', 'a!=1.5,>=1'], ['a===weird', 'a===weird'],
  ['pkg @ https://host.example/pkg-1.0.whl', 'pkg @ https://host.example/pkg-1.0.whl'], ['pkg[x]@git+https://host.example/r.git@v1 ; os_name=="posix"', 'pkg[x] @ git+https://host.example/r.git@v1 ; os_name=="posix"'],
  ['git+https://host.example/x.git#egg=my_pkg', 'my-pkg @ git+https://host.example/x.git'], ['git+https://host.example/x.git@v1#egg=y&subdirectory=z', 'y @ git+https://host.example/x.git@v1#subdirectory=z'], ['git+https://host.example/openai/CLIP.git', 'clip @ git+https://host.example/openai/CLIP.git'], ['git+https://host.example/a/segment-anything@main', 'segment-anything @ git+https://host.example/a/segment-anything@main'],
  ['https://host.example/en_core_web_sm-3.7.1-py3-none-any.whl', 'en-core-web-sm @ https://host.example/en_core_web_sm-3.7.1-py3-none-any.whl'], ['https://host.example/some-thing-1.2.tar.gz', 'some-thing @ https://host.example/some-thing-1.2.tar.gz'],
  ['https://host.example/a/tool/archive/refs/heads/main.zip', 'tool @ https://host.example/a/tool/archive/refs/heads/main.zip'], ['torch==2.5.1 --hash=sha256:abc --hash=sha256:def', 'torch==2.5.1'], ['a==1 --config-settings="x=y"', 'a==1'],
])('%j is %j', (text, expected) => {
  const parsed = parseRequirement(text);
  expect(parsed && requirementText(parsed)).toBe(expected);
}); // prettier-ignore

test('digests are noted', () => {
  expect(parseRequirement('a==1 --hash=sha256:00')?.hashed).toBe(true);
  expect(parseRequirement('a==1')?.hashed).toBeUndefined();
});

test.each(['', '===', 'a b', 'name = 1', 'numpy=1.2', 'x=>1', 'x>=1 <2', '-r x', '"flask"', 'a @', 'a >= ', `a==${'1'.repeat(9000)}`, '>=1.0', '[extra]'])('%j is no requirement', (text) => {
  expect(parseRequirement(text)).toBeUndefined();
}); // prettier-ignore

test.each([
  ['numpy=1.21.0', 'numpy==1.21.0'], ['numpy=1.21.0=py39h_0', 'numpy==1.21.0'], ['x => 1.0', 'x>=1.0'], ['x=<1.0', 'x<=1.0'], ['torch 2.1.0', 'torch==2.1.0'], ['x>=1.0 <2', 'x>=1.0,<2'], ['flask,', 'flask'], ['"flask==2.0",', 'flask==2.0'], ['pip install flask', 'flask'],
  ['- pandas', 'pandas'], ['scipy: 1.2', 'scipy==1.2'], ['flask==2.0;', 'flask==2.0'],
])('%j was meant as %j', (text, expected) => {
  const repaired = repairRequirement(text);
  expect(repaired && requirementText(repaired.requirement)).toBe(expected);
}); // prettier-ignore

test.each(['hello world', '<html>', 'name 1 2 3', '{}'])('nobody can tell what %j was meant as', (text) => {
  expect(repairRequirement(text)).toBeUndefined();
});

test('long lines of anything do not take long', () => {
  for (const piece of ['a-', 'a ', '=', ',;', '-1', '[', ' ', 'a1.']) {
    parseRequirement(`x${piece.repeat(3900)}`);
    repairRequirement(`x${piece.repeat(3900)}`);
    parseRequirement(`https://h/${piece.repeat(3900)}`);
  }
});
