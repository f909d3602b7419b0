import type { SyntaxNode } from '@lezer/common';
import { lineOf, textOf } from './evaluate.ts';
import type { Scene } from './found.ts';
import type { PythonImport } from './module.ts';

/** The imports of one statement. */
export function importsOf({ scope, around }: Scene, node: SyntaxNode): PythonImport[] {
  const place = {
    line: lineOf(scope, node),
    optional: around.inTry || around.conditional || around.guarded,
    late: around.inside !== undefined,
  };
  return readImport(textOf(scope, node)).map((item) => ({ ...item, ...place }));
}

export type ImportedNames = Pick<PythonImport, 'module' | 'names' | 'as'>;

/** Reads the text of an import statement: `import a.b as c, d`, `from ..x import (y, z as w)`. */
export function readImport(text: string): ImportedNames[] {
  const flat = text.replace(/#[^\n]*/g, '').replace(/[()\\;\s]+/g, ' ').trim(); // prettier-ignore
  const from = /^from ([.\w ]*?) ?import (.*)$/.exec(flat);
  if (from === null) {
    return listed(flat.replace(/^import /, '')).map(({ name, as }) => ({ module: name, names: [], as: [as] }));
  }
  const items = listed(from[2] ?? '');
  const names = items.map(({ name }) => name);
  return [{ module: (from[1] ?? '').replaceAll(' ', ''), names, as: items.map(({ as }) => as) }];
}

/** The names of an import's list, and what they are called here. */
function listed(list: string): { name: string; as: string }[] {
  return list.split(',').flatMap((item) => {
    const [name = '', as = name] = item.trim().split(/ as /).map((part) => part.trim()); // prettier-ignore
    return /^(?:\.*[\p{L}_][\p{L}\p{N}_.]*|\*)$/u.test(name) ? [{ name, as }] : [];
  });
}
