import { importsOnly } from './found.ts';
import { importsServer } from './imports-server.ts';
import type { PythonModule } from './module.ts';
import { scanImports } from './scan-imports.ts';

/** CPython refuses more brackets inside each other (`MAXLEVEL` of its tokenizer), and the parser takes a second for some thousands. */
const MOST_NESTED = 200;

const OPENING = new Set(['(', '[', '{'].map((bracket) => bracket.charCodeAt(0)));
const CLOSING = new Set([')', ']', '}'].map((bracket) => bracket.charCodeAt(0)));

/** What the lines of a file that import say, and no more: for files that are too many, too large or too odd to be read whole. */
export function importLines(path: string, source: string): PythonModule {
  const isScript = source.includes('__main__') && /^if\s*\(?\s*__name__\s*==/m.test(source);
  const imports = scanImports(source);
  return importsOnly(path, imports, { isScript, startsSomething: isScript || importsServer(imports) });
}

/** More brackets inside each other than Python itself takes. */
export function isNestedTooDeeply(source: string): boolean {
  let depth = 0;
  for (let index = 0; index < source.length; index++) {
    const code = source.charCodeAt(index);
    if (OPENING.has(code)) depth++;
    else if (CLOSING.has(code)) depth = Math.max(0, depth - 1);
    if (depth > MOST_NESTED) return true;
  }
  return false;
}
