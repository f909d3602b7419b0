import type { RunInstruction } from './instruction.ts';
import { heredocText } from './heredoc.ts';

/** One simple command of a shell script, as far as it can be told without running it. */
export interface ShellCommand {
  /** Program and arguments, quotes removed and variables left as they are: `['pip', 'install', 'torch']`. */
  words: string[];
  /** `NAME=value` in front of it. */
  assignments: Map<string, string>;
  /** What stands before it: `&&`, `||`, `|`, `;` (also for a new line), or nothing. */
  before: '' | '&&' | '||' | '|' | ';';
}

/** Words that stand before a command and change nothing about what it does. */
const PREFIXES = new Set([
  'sudo',
  'env',
  'exec',
  'command',
  'time',
  'nice',
  'eatmydata',
  'then',
  'do',
  'else',
  'if',
  'elif',
  'while',
  'until',
  '!',
  '{',
  '(',
]);
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/;
const SHELLS = /^(?:ba|da|z|a)?sh$/;

/** The commands of RUN: of the shell form, of a shell in exec form, and of a heredoc that is a script. */
export function commandsOfRun({ command, heredocs }: RunInstruction): ShellCommand[] {
  if (command.form === 'exec') {
    const [program = '', ...args] = command.args;
    const script = SHELLS.test(basename(program)) ? scriptArgument(args) : undefined;
    if (script !== undefined) return shellCommands(script);
    return program === '' ? [] : [simplified({ words: command.args, assignments: new Map(), before: '' })];
  }
  const text = command.args.join(' ');
  const bodies = heredocs.map(heredocText);
  if (/^\d*<<-?\S+\s*$/.test(text.trim())) {
    const [body = ''] = bodies;
    const shebang = /^#!\s*(\S+)(?:[ \t]+(\S+))?/.exec(body);
    const interpreter = shebang?.[1]?.endsWith('/env') === true ? (shebang[2] ?? '') : (shebang?.[1] ?? 'sh');
    return SHELLS.test(basename(interpreter)) ? shellCommands(body) : [];
  }
  const commands = shellCommands(text);
  const isShell = commands.some(({ words: [program = ''] }) => SHELLS.test(program));
  return isShell ? [...commands, ...bodies.flatMap(shellCommands)] : commands;
}

/** `-c` with or without other letters, and the script behind it. */
function scriptArgument(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  return at < 0 ? undefined : args[at + 1];
}

/** The simple commands of a script. What is inside `$(…)` and backticks belongs to the word it stands in. */
export function shellCommands(script: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let before: ShellCommand['before'] = '';
  const end = (separator: ShellCommand['before']): void => {
    if (words.length > 0) commands.push(simplified({ words, assignments: new Map(), before }));
    words = [];
    before = separator;
  };
  for (const token of tokensOf(script)) {
    if (typeof token === 'string') words.push(token);
    else end(token.separator);
  }
  end('');
  return commands.filter((command) => command.words.length > 0);
}

/** Without what stands in front of the program, and the program without its folder. */
function simplified({ words, before }: ShellCommand): ShellCommand {
  const assignments = new Map<string, string>();
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, name, value = ''] = ASSIGNMENT.exec(word) ?? [];
    if (name !== undefined) assignments.set(name, value);
    else if (!PREFIXES.has(word) && !(at > 0 && PREFIXES.has(words[at - 1] ?? '') && word.startsWith('-'))) break;
  }
  const [program, ...args] = words.slice(at);
  if (program === undefined) return { words: [], assignments, before };
  const name = basename(program);
  const [flag, module, ...rest] = args;
  const isModule = /^python[0-9.]*$/.test(name) && flag === '-m' && module !== undefined;
  return { words: isModule ? [module, ...rest] : [name, ...args], assignments, before };
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

type Token = string | { separator: ShellCommand['before'] };

interface Reader {
  text: string;
  at: number;
}

function* tokensOf(text: string): Generator<Token> {
  const reader: Reader = { text, at: 0 };
  while (reader.at < text.length) {
    const rest = text.slice(reader.at, reader.at + 3);
    const separator = separatorAt(rest);
    if (separator !== undefined) {
      reader.at += separator.length;
      yield { separator: separator.kind };
    } else if (/^\\\r?\n/.test(rest)) reader.at += rest.startsWith('\\\r') ? 3 : 2;
    else if (/^\s/.test(rest)) reader.at += 1;
    else if (rest.startsWith('#')) skipLine(reader);
    else if (isRedirection(text, reader.at)) skipRedirection(reader);
    else yield readWord(reader);
  }
}

function separatorAt(rest: string): { kind: ShellCommand['before']; length: number } | undefined {
  if (rest.startsWith('&&')) return { kind: '&&', length: 2 };
  if (rest.startsWith('||')) return { kind: '||', length: 2 };
  if (rest.startsWith('&>')) return undefined;
  const [first = ''] = rest;
  if (first === '|') return { kind: '|', length: 1 };
  if (first === ';' || first === '&' || first === '\n' || first === ')' || first === '(')
    return { kind: ';', length: 1 };
  return undefined;
}

function skipLine(reader: Reader): void {
  const end = reader.text.indexOf('\n', reader.at);
  reader.at = end < 0 ? reader.text.length : end;
}

function isRedirection(text: string, at: number): boolean {
  return /^(?:\d*|&)[<>]/.test(text.slice(at, at + 8));
}

/** `> file`, `2>&1`, `<<EOF`: the sign and the word behind it. */
function skipRedirection(reader: Reader): void {
  const [sign = ''] = /^(?:\d*|&)(?:<<<|<<-?|>>|[<>])&?[ \t]*/.exec(reader.text.slice(reader.at)) ?? [];
  reader.at += Math.max(1, sign.length);
  if (reader.at < reader.text.length && separatorAt(reader.text.slice(reader.at, reader.at + 3)) === undefined)
    readWord(reader);
}

function readWord(reader: Reader): string {
  const { text } = reader;
  let word = '';
  while (reader.at < text.length) {
    const character = text[reader.at] ?? '';
    if (/[\s;&|<>()]/.test(character)) break;
    if (character === "'" || character === '"') word += readQuoted(reader, character);
    else if (character === '`') word += readUntil(reader, '`');
    else if (text.startsWith('$(', reader.at)) word += readSubstitution(reader);
    else if (text.startsWith('${', reader.at)) word += readUntil(reader, '}');
    else if (character === '\\') {
      const next = text[reader.at + 1] ?? '';
      if (next !== '\n') word += next;
      reader.at += 2;
    } else {
      word += character;
      reader.at += 1;
    }
  }
  return word;
}

function readQuoted(reader: Reader, quote: string): string {
  const { text } = reader;
  let word = '';
  reader.at += 1;
  for (; reader.at < text.length && text[reader.at] !== quote; reader.at++) {
    if (quote === '"' && text[reader.at] === '\\' && /["\\$`\n]/.test(text[reader.at + 1] ?? '')) reader.at += 1;
    word += text[reader.at] ?? '';
  }
  reader.at += 1;
  return word;
}

function readUntil(reader: Reader, close: string): string {
  const start = reader.at;
  const end = reader.text.indexOf(close, start + 1);
  reader.at = end < 0 ? reader.text.length : end + 1;
  return reader.text.slice(start, reader.at);
}

function readSubstitution(reader: Reader): string {
  const start = reader.at;
  let depth = 0;
  for (reader.at += 1; reader.at < reader.text.length; reader.at++) {
    const character = reader.text[reader.at];
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    if (depth === 0) break;
  }
  reader.at += 1;
  return reader.text.slice(start, reader.at);
}
