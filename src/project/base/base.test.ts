import { execFileSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { helloProgram, helloWorldTar } from './hello-world.ts';
import { imageChanges } from './image-changes.ts';
import { debianSources, findMirror, sourceLines, withoutCredentials } from './mirror.ts';
import { findRecipe, RECIPES, recipeFor } from './recipes.ts';

test.each([
  ['python:3.11-slim', 'python:3.11-slim'],
  ['docker.io/library/python:3.11-slim', 'python:3.11-slim'],
  ['python:3.13-slim-trixie', 'python:3.13-slim'],
  ['debian:12', 'debian:bookworm'],
  ['hello-world:latest', 'hello-world'],
])('%s is made as %s', (name, recipe) => {
  expect(findRecipe(name)?.name).toBe(recipe);
});

test.each(['python', 'python:3.12-slim', 'python:3.11', 'r.example/python:3.11-slim', 'debian'])(
  '%s has no stand-in',
  (name) => {
    expect(findRecipe(name)).toBeUndefined();
    expect(() => recipeFor(name)).toThrow(`there is no stand-in for ${name}`);
  },
);

test('each stand-in is labelled with what it stands for', () => {
  for (const recipe of RECIPES)
    expect(imageChanges(recipe, '1.2.3')[0]).toContain(`LABEL berth.standin="${recipe.name}"`);
});

test('the mirror is that of the host’s apt, in both of its formats, and never another distribution’s', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'apt-'));
  const folder = join(root.path, 'etc/apt/sources.list.d');
  await mkdir(folder, { recursive: true });
  expect(await findMirror(root.path)).toMatchObject({ main: undefined, security: undefined });
  expect(sourceLines(await findMirror(root.path), 'bookworm')).toEqual([]);
  await writeFile(
    join(root.path, 'etc/apt/sources.list'),
    'deb [signed-by=/k] https://u.example/ubuntu noble main\n# deb http://no.example/debian bookworm main\n',
  );
  await writeFile(
    join(folder, 'debian.sources'),
    'Types: deb\nURIs: http://u:p@m.example/debian/\nSuites: bookworm bookworm-updates\nComponents: main\n\nTypes: deb\nURIs: http://m.example/security\nSuites: bookworm-security\n',
  );
  const mirror = await findMirror(root.path);
  expect(mirror).toMatchObject({ main: 'http://u:p@m.example/debian', security: 'http://m.example/security' });
  expect(debianSources(withoutCredentials(mirror), 'trixie')).toContain(
    'URIs: http://m.example/debian\nSuites: trixie trixie-updates\n',
  );
});

test('the hello-world program is a static program for its machine, in a tar', () => {
  expect(helloProgram('x64').readUInt16LE(18)).toBe(62);
  expect(helloProgram('arm64').readUInt16LE(18)).toBe(183);
  expect(() => helloProgram('mips')).toThrow('there is no stand-in for hello-world on mips');
  const listed = execFileSync('tar', ['-tvf', '-'], { input: helloWorldTar('x64') }).toString();
  expect(listed).toMatch(/^-rwxr-xr-x 0\/0 .* hello\n$/);
});

test('the arm64 instructions are the ones that objdump reads', () => {
  const words = helloProgram('arm64').subarray(120, 156);
  // mov x0, #1; mov x1, …; movk x1, #0x40, lsl #16; mov x2, …; mov x8, #64; svc #0; mov x0, #0; mov x8, #93; svc #0
  expect([words.readUInt32LE(0), words.readUInt32LE(8), words.readUInt32LE(16), words.readUInt32LE(20)]).toEqual([
    0xd2800020, 0xf2a00801, 0xd2800808, 0xd4000001,
  ]);
  expect([words.readUInt32LE(24), words.readUInt32LE(28), words.readUInt32LE(32)]).toEqual([
    0xd2800000, 0xd2800ba8, 0xd4000001,
  ]);
});
