import { InvalidArgumentError } from '#lib/errors.ts';

/** What the lines `# name=value` at the very top of a Dockerfile say. */
export interface Directives {
  /** The character that continues a line and takes the meaning of the next one away. */
  escape: '\\' | '`';
  /** Front-end image that the file asks for. */
  syntax?: string;
  /** Settings of the checks: `skip=A,B;error=true`. */
  check?: string;
}

const DIRECTIVE = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*)$/;
const KNOWN = ['escape', 'syntax', 'check'];

/** A directive that cannot be: `line` counts from 1. */
export class DirectiveError extends InvalidArgumentError {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** @throws {DirectiveError} if one comes twice or says something that is not allowed */
export function parseDirectives(lines: readonly string[]): Directives {
  const found = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const [, name = '', value = ''] = DIRECTIVE.exec(line.trim()) ?? [];
    const known = name.toLowerCase();
    if (!KNOWN.includes(known)) break;
    if (found.has(known)) throw new DirectiveError(`only one ${known} parser directive can be used`, index + 1);
    if (known === 'escape' && value !== '\\' && value !== '`')
      throw new DirectiveError(`invalid escape token '${value}' does not match \` or \\`, index + 1);
    found.set(known, value);
  }
  const syntax = found.get('syntax');
  const check = found.get('check');
  return {
    escape: found.get('escape') === '`' ? '`' : '\\',
    ...(syntax !== undefined && { syntax }),
    ...(check !== undefined && { check }),
  };
}

/**
 * The front end that a build file of any language asks for: by a comment with `#` or `//`, also below a `#!` line, or by JSON with the field
 * `syntax`. `image` is the first word of `value`.
 */
export function detectSyntax(text: string): { image: string; value: string } | undefined {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  if (lines[0]?.startsWith('#!') === true) lines.shift();
  const value = syntaxOf(lines, '#') ?? syntaxOf(lines, '//') ?? jsonSyntax(lines.join('\n'));
  return value === undefined ? undefined : { image: value.split(/\s+/)[0] ?? '', value };
}

function syntaxOf(lines: readonly string[], mark: '#' | '//'): string | undefined {
  for (const line of lines) {
    if (!line.startsWith(mark)) return undefined;
    const [, name = '', value = ''] = DIRECTIVE.exec(`#${line.slice(mark.length).trimEnd()}`) ?? [];
    if (name === '') return undefined;
    if (name.toLowerCase() === 'syntax') return value;
  }
  return undefined;
}

function jsonSyntax(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const { syntax } = JSON.parse(text) as { syntax?: unknown };
    return typeof syntax === 'string' && syntax !== '' ? syntax : undefined;
  } catch {
    return undefined;
  }
}
