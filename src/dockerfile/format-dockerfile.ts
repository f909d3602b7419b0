import type { Program } from './program.ts';
import type { Node } from './parse.ts';

/** The Dockerfile again, one instruction a line: continued lines joined, comments gone, heredocs kept. What it parses to is the same. */
export function formatDockerfile({ directives, globalArgs, stages }: Program): string {
  const lines: string[] = [];
  if (directives.syntax !== undefined) lines.push(`# syntax=${directives.syntax}`);
  if (directives.escape !== '\\') lines.push(`# escape=${directives.escape}`);
  if (directives.check !== undefined) lines.push(`# check=${directives.check}`);
  for (const { node } of globalArgs) lines.push(printNode(node));
  for (const { from, instructions } of stages) {
    if (lines.length > 0) lines.push('');
    lines.push(printNode(from.node), ...instructions.map(({ node }) => printNode(node)));
  }
  return `${lines.join('\n')}\n`;
}

function printNode({ instruction, original, heredocs }: Node): string {
  const bodies = heredocs.map(({ content, name }) => `\n${content}${name}`).join('');
  return `${instruction}${original.slice(instruction.length)}${bodies}`;
}
