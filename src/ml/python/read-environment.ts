import type { SyntaxNode } from '@lezer/common';
import { argumentsOf, ENVIRONMENT, evaluate, lineOf, textOf } from './evaluate.ts';
import type { Scene } from './found.ts';

const NAME = /^[A-Za-z_]\w{0,80}$/;

/** `os.environ["KEY"]`: the program ends without it, unless it is ready for that. Setting it is no reading. */
export function noteEnvironmentItem({ scope, found, around }: Scene, node: SyntaxNode): void {
  const name = /\[\s*["'](\w+)["']\s*\]$/.exec(textOf(scope, node))?.[1];
  if (name === undefined || !NAME.test(name) || isTarget(node)) return;
  found.environment.push({ name, required: !around.inTry, line: lineOf(scope, node) });
}

function isTarget(node: SyntaxNode): boolean {
  const { parent } = node;
  if (parent?.name === 'DeleteStatement') return true;
  return parent?.name === 'AssignStatement' && parent.firstChild?.from === node.from;
}

/** `os.getenv("KEY", "default")`, `config("KEY")` of decouple, `env.str("KEY")` of environs. */
export function noteEnvironmentCall({ scope, found, around }: Scene, node: SyntaxNode, callee: string): void {
  if (!ENVIRONMENT.test(callee) || callee.endsWith('setdefault')) return;
  const { positional, keyword } = argumentsOf(scope, node);
  const name = positional[0] === undefined ? undefined : evaluate(scope, positional[0]);
  if (typeof name !== 'string' || !NAME.test(name)) return;
  const isStrict = !/getenv|environ/.test(callee);
  if (isStrict && !found.imports.some(({ module }) => /^(?:decouple|environs|environ|starlette\.config)$/.test(module)))
    return;
  const hasFallback = positional.length > 1 || keyword.has('default');
  found.environment.push({ name, required: isStrict && !hasFallback && !around.inTry, line: lineOf(scope, node) });
}
