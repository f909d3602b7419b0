import type { SyntaxNode } from '@lezer/common';
import { FILE_CALLS, PATH_METHODS } from '../data/file-calls.ts';
import { type CallArguments, evaluate, lineOf, type Scope, textOf } from './evaluate.ts';
import type { FileUse } from './module.ts';

interface Call {
  callee: string;
  node: SyntaxNode;
  args: CallArguments;
}

/** The file that a call opens, where its name can be known. */
export function fileUse(scope: Scope, call: Call): FileUse | undefined {
  const found = openCall(scope, call) ?? pathMethod(scope, call) ?? libraryCall(scope, call);
  if (found === undefined || !looksLikePath(found.path)) return undefined;
  return { ...found, line: lineOf(scope, call.node) };
}

type Use = Omit<FileUse, 'line'>;

function looksLikePath(path: string): boolean {
  return path !== '' && path.length < 300 && !path.includes('://') && !path.includes('\n');
}

function textValue(scope: Scope, node: SyntaxNode | undefined): string | undefined {
  const value = node === undefined ? undefined : evaluate(scope, node);
  return typeof value === 'string' ? value : undefined;
}

function modeOf(scope: Scope, node: SyntaxNode | undefined): FileUse['mode'] {
  return /[wax]/.test(textValue(scope, node) ?? 'r') ? 'write' : 'read';
}

function openCall(scope: Scope, { callee, args }: Call): Use | undefined {
  if (!/^(?:io\.|gzip\.|bz2\.|lzma\.|codecs\.)?open$/.test(callee)) return undefined;
  const path = textValue(scope, args.positional[0] ?? args.keyword.get('file'));
  return path === undefined ? undefined : { path, mode: modeOf(scope, args.positional[1] ?? args.keyword.get('mode')) };
}

/** `MODEL_PATH.open("wb")`, `Path("a").read_bytes()`. */
function pathMethod(scope: Scope, { node, args }: Call): Use | undefined {
  const member = node.firstChild;
  const property = member?.name === 'MemberExpression' ? member.getChild('PropertyName') : null;
  if (member === null || property === null) return undefined;
  const name = textOf(scope, property);
  const mode = name === 'open' ? modeOf(scope, args.positional[0] ?? args.keyword.get('mode')) : PATH_METHODS[name];
  if (mode === undefined) return undefined;
  const path = textValue(scope, member.firstChild ?? undefined);
  return path === undefined ? undefined : { path, mode };
}

function libraryCall(scope: Scope, { callee, args }: Call): Use | undefined {
  const name = callee.slice(callee.lastIndexOf('.') + 1);
  for (const known of FILE_CALLS) {
    if (known.name !== name || (known.callee !== undefined && !known.callee.test(callee))) continue;
    const byName = known.keywords?.map((keyword) => args.keyword.get(keyword)).find((node) => node !== undefined);
    const path = textValue(scope, args.positional[known.position] ?? byName);
    if (path !== undefined) return { path, mode: known.mode };
  }
  return undefined;
}
