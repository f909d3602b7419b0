import type { SyntaxNode } from '@lezer/common';
import { ADDED_MODULES, ADDED_NAMES, REMOVED_MODULES, REMOVED_NAMES } from '../data/python-changes.ts';
import { PYTHON_2_LIBRARY } from '../data/standard-library.ts';
import { compareVersions } from '../version.ts';
import { argumentsOf, lineOf, type Scope, textOf } from './evaluate.ts';
import type { Found, Scene } from './found.ts';
import type { PythonModule, VersionHint } from './module.ts';

const FUTURE_ANNOTATIONS = /^from __future__ import [^\n]*\bannotations\b/m;

function isNewer(version: string, than: string): boolean {
  return compareVersions(version, than) > 0;
}

function raise(found: Found, hint: VersionHint): void {
  if (found.syntax === undefined || isNewer(hint.version, found.syntax.version)) found.syntax = hint;
}

/** Syntax that older Pythons do not read. */
export function noteSyntax({ scope, found, around }: Scene, node: SyntaxNode): void {
  const hint = hintOf(scope, node, around.inside !== undefined);
  if (hint !== undefined) raise(found, { version: hint[0], what: hint[1], line: lineOf(scope, node) });
}

type Hint = readonly [version: string, what: string];

function hintOf(scope: Scope, node: SyntaxNode, isInside: boolean): Hint | undefined {
  switch (node.name) {
    case 'MatchStatement':
      return /^match\s[^\n]*:\s*(?:#[^\n]*)?$/m.test(textOf(scope, node)) ? ['3.10', 'a match statement'] : undefined;
    case 'TypeParamList':
      return ['3.12', 'type parameters'];
    case 'TypeDefinition':
      return ['3.12', 'a type statement'];
    case 'NamedExpression':
      return ['3.8', 'an assignment expression (:=)'];
    case 'FormatSelfDoc':
      return ['3.8', 'an f-string with ='];
    case 'TryStatement':
      return /^[ \t]*except[ \t]*\*/m.test(textOf(scope, node)) ? ['3.11', 'except*'] : undefined;
    case 'TypeDef':
      return annotationHint(scope, node, isInside);
    default:
      return undefined;
  }
}

/** Annotations that are evaluated as soon as the definition is. */
function annotationHint(scope: Scope, node: SyntaxNode, isInside: boolean): Hint | undefined {
  const text = textOf(scope, node);
  if (!/\||\b(?:list|dict|tuple|set|frozenset|type)\[/.test(text) || /["']/.test(text)) return undefined;
  if ((isInside && node.parent?.name === 'AssignStatement') || FUTURE_ANNOTATIONS.test(scope.source)) return undefined;
  if (text.includes('|')) return ['3.10', 'X | Y as a type'];
  return /\b(?:list|dict|tuple|set|frozenset|type)\[/.test(text) ? ['3.9', 'types such as list[int]'] : undefined;
}

/** Arguments that older Pythons do not know. */
export function noteCallSyntax({ scope, found }: Scene, node: SyntaxNode, callee: string): void {
  const line = (): number => lineOf(scope, node);
  if (callee.endsWith('.removeprefix') || callee.endsWith('.removesuffix'))
    raise(found, { version: '3.9', what: 'str.removeprefix', line: line() });
  else if (callee === 'zip' && argumentsOf(scope, node).keyword.has('strict'))
    raise(found, { version: '3.10', what: 'zip(strict=…)', line: line() });
  else if (callee === 'dataclass' || callee === 'dataclasses.dataclass') {
    const { keyword } = argumentsOf(scope, node);
    if (keyword.has('slots') || keyword.has('kw_only'))
      raise(found, { version: '3.10', what: 'dataclass(slots=…)', line: line() });
  } else {
    const [module = '', name = ''] = callee.split('.', 2);
    const version = own(ADDED_NAMES, module)?.[name];
    if (version !== undefined) raise(found, { version, what: `${module}.${name}`, line: line() });
  }
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** The first Python without something that the file imports or uses, and with that also what newer modules and names ask for. */
export function removedSince(found: Found, source: string): PythonModule['removed'] {
  let removed: VersionHint | undefined;
  const lower = (hint: VersionHint): void => {
    if (removed === undefined || isNewer(removed.version, hint.version)) removed = hint;
  };
  for (const { module, names, line, optional } of found.imports) {
    if (optional) continue;
    const top = module.split('.')[0] ?? '';
    const gone = own(REMOVED_MODULES, top);
    const added = own(ADDED_MODULES, top);
    if (gone !== undefined) lower({ version: gone, what: `the module ${top}`, line });
    if (added !== undefined) raise(found, { version: added, what: `the module ${top}`, line });
    for (const name of names) {
      const left = own(own(REMOVED_NAMES, module) ?? {}, name);
      const came = own(own(ADDED_NAMES, module) ?? {}, name);
      if (left !== undefined) lower({ version: left, what: `${module}.${name}`, line });
      if (came !== undefined) raise(found, { version: came, what: `${module}.${name}`, line });
    }
  }
  for (const callee of found.calls) {
    const [module = '', name = ''] = callee.split('.', 2);
    const left = own(own(REMOVED_NAMES, module) ?? {}, name);
    const at = left === undefined ? -1 : source.indexOf(`${module}.${name}`);
    if (left !== undefined && at !== -1 && found.imports.some((item) => item.module === module))
      lower({ version: left, what: `${module}.${name}`, line: source.slice(0, at).split('\n').length });
  }
  return removed;
}

/** A line that only Python 2 reads: `print "x"`, `except E, e:`. */
export function olderPython(
  scope: Scope,
  pieces: readonly { node: SyntaxNode }[],
  imports: Found['imports'],
): { line: number; what: string } | undefined {

  const print = pieces.find(({ node }) => node.name === 'PrintStatement' && /^print\s+["'\w%]/.test(textOf(scope, node)));
  if (print !== undefined) return { line: lineOf(scope, print.node), what: 'a print statement' };
  for (const { node } of pieces) {
    if (node.name !== 'TryStatement') continue;
    const match = /^[ \t]*except\s+[\w.]+\s*,\s*\w+\s*:/m.exec(textOf(scope, node));
    if (match !== null) return { line: lineOf(scope, { from: node.from + match.index }), what: 'except E, e' };
  }
  const old = imports.find(({ module, optional }) => !optional && PYTHON_2_LIBRARY.has(module));
  return old === undefined ? undefined : { line: old.line, what: `the module ${old.module}` };
} // prettier-ignore
