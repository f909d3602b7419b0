import type { Ast, Node } from '../parse.ts';

/** The instructions as they were split, before anything is known about them: one a line, with its lines in front. */
export function printAst({ directives, nodes }: Ast): string {
  const { escape, syntax, check } = directives;
  const lines = [
    ...(escape === '\\' ? [] : [`directive escape ${escape}`]),
    ...(syntax === undefined ? [] : [`directive syntax ${syntax}`]),
    ...(check === undefined ? [] : [`directive check ${check}`]),
  ];
  const digits = String(nodes.at(-1)?.endLine ?? 1).length * 2 + 1;
  for (const node of nodes) {
    const [first = '', ...rest] = linesOf(node);
    lines.push(
      `${placeOf(node).padStart(digits)}  ${first}`,
      ...rest.map((line) => `${' '.repeat(digits + 4)}${line}`),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** `3`, or `3-5`. */
export function placeOf({ line, endLine }: { line: number; endLine: number }): string {
  return endLine > line ? `${line}-${endLine}` : String(line);
}

function linesOf({ instruction, flags, args, isJson, heredocs, child, comments }: Node): string[] {
  const words = args.map((arg) => JSON.stringify(arg)).join(' ');
  const own = [`${instruction}${isJson ? ' json' : ''}${words === '' ? '' : ` ${words}`}`];
  own.push(...comments.map((comment) => `comment ${comment}`.trimEnd()), ...flags.map((flag) => `flag ${flag}`));
  if (child !== undefined) return [...own, ...linesOf(child)];
  for (const { name, content, expand, stripTabs } of heredocs)
    own.push(
      `heredoc ${name}${expand ? ' expand' : ''}${stripTabs ? ' strip-tabs' : ''}`,
      ...content
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `| ${line}`.trimEnd()),
    );
  return own;
}
