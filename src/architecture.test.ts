import { glob, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

// ARCHITECTURE.md is the rule: its `floors` block lists the folders of src/ from roof to ground, its `walls` block the imports
// forbidden on top of that. This test reads both.
const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;

interface Rules {
  floorOf: ReadonlyMap<string, number>;
  walls: readonly { sides: readonly string[]; forbidden: readonly string[] }[];
}

function readRules(page: string): Rules {
  const block = (name: string): string[] =>
    page
      .split('```' + name + '\n')[1]
      ?.split('\n```')[0]
      ?.split('\n') ?? [];
  const floors = block('floors')
    .toReversed()
    .map((line) => line.split('|').map((folder) => folder.trim()));
  const walls = block('walls').map((line) => {
    const [sides = '', forbidden = ''] = line.split('-x-');
    return { sides: sides.trim().split(/\s+/), forbidden: forbidden.trim().split(/\s+/) };
  });
  return {
    floorOf: new Map(floors.flatMap((folders, floor) => folders.map((folder) => [folder, floor] as const))),
    walls,
  };
}

function inside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(':') ? folder : `${folder}/`);
}

function broken({ floorOf, walls }: Rules, from: string, to: string): string[] {
  const folderOf = (path: string): string | undefined => [...floorOf.keys()].find((folder) => inside(path, folder));
  const [here, there] = [folderOf(from), folderOf(to)];
  const found: string[] = [];
  if (here === undefined) found.push(`${from}: folder is on no floor`);
  else if (there !== undefined && there !== here && (floorOf.get(there) ?? 0) >= (floorOf.get(here) ?? 0))
    found.push(`${from} -> ${to}: not a lower floor`);
  for (const { sides, forbidden } of walls)
    if (sides.some((side) => inside(from, side)) && forbidden.some((wall) => inside(to, wall)))
      found.push(`${from} -> ${to}: wall`);
  return found;
}

async function* imports(): AsyncGenerator<{ from: string; to: string }> {
  for await (const path of glob('src/*/**/*.{ts,tsx}')) {
    if (/\.test\.ts$|\/test-[^/]*\.ts$/.test(path)) continue; // tests and what they share may look up
    const from = relative('src', path);
    for (const [, fromClause, call] of (await readFile(path, 'utf8')).matchAll(IMPORT)) {
      const name = fromClause ?? call ?? '';
      yield {
        from,
        to: name.startsWith('#') ? name.slice(1) : name.startsWith('.') ? join(dirname(from), name) : name,
      };
    }
  }
}

test('every import points down a floor and through no wall', async () => {
  const rules = readRules(await readFile('ARCHITECTURE.md', 'utf8'));
  expect(rules.floorOf.size).toBeGreaterThan(20);
  expect(rules.walls).not.toEqual([]);
  const found: string[] = [];
  for await (const { from, to } of imports()) found.push(...broken(rules, from, to));
  expect(found).toEqual([]);
});

test('the rules catch an import upwards, sideways and through a wall', () => {
  const rules = readRules('```floors\ntop\nleft | right\nlib\n```\n```walls\nleft -x- node:\n```');
  expect(broken(rules, 'lib/a.ts', 'top/b.ts')).toHaveLength(1);
  expect(broken(rules, 'left/a.ts', 'right/b.ts')).toHaveLength(1);
  expect(broken(rules, 'left/a.ts', 'node:fs')).toHaveLength(1);
  expect(broken(rules, 'elsewhere/a.ts', 'lib/b.ts')).toHaveLength(1);
  expect(broken(rules, 'top/a.ts', 'left/b.ts')).toEqual([]);
});
