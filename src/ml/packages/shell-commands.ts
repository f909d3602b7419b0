/** One word of a shell command, with its place in the text. */
export interface ShellWord {
  /** Without quotes; what the shell would replace stays as it is written. */
  text: string;
  start: number;
  end: number;
}

/** A simple command: what the shell runs between two operators. */
export interface ShellCommand {
  /** `NAME=value` before it. */
  assignments: { name: string; value: string }[];
  words: ShellWord[];
}

/** Words of the shell's grammar that stand before a command. */
const RESERVED = ['if', 'then', 'elif', 'else', 'do', 'while', 'until', '{', '}', '!', 'time', 'fi', 'done', 'esac'];
/** These are followed by words that are no command. */
const NO_COMMAND = ['for', 'case', 'select', 'function'];
/** With the number of a descriptor before it. */
const OPERATOR_LENGTH = 12;
const ASSIGNMENT = /^([A-Za-z_]\w*)\+?=(.*)$/s;

interface Reader {
  text: string;
  at: number;
  words: ShellWord[];
  commands: ShellCommand[];
  /** Heredocs that begin behind the end of this line. */
  heredocs: { delimiter: string; stripsTabs: boolean }[];
}

/**
 * The simple commands of a shell text, as far as they can be told without running it: lists, pipes, groups and the bodies of `if` and `for`.
 * What is inside of `$(…)`, of functions' arguments and of heredocs is not looked into. (POSIX, Shell Command Language)
 */
export function shellCommands(text: string): ShellCommand[] {
  const reader: Reader = { text, at: 0, words: [], commands: [], heredocs: [] };
  while (reader.at < text.length) readToken(reader);
  endCommand(reader);
  return reader.commands;
}

function readToken(reader: Reader): void {
  const { text, at } = reader;
  const letter = text[at] ?? '';
  if (text.startsWith('\\\n', at)) reader.at += 2;
  else if (letter === '\n') endLine(reader);
  else if (/\s/.test(letter)) reader.at += 1;
  else if (letter === '#') reader.at = endOfLine(text, at);
  else if (text.startsWith('&>', at)) redirect(reader, /^&>>?/);
  else if (/[;&|()]/.test(letter)) {
    reader.at += 1;
    endCommand(reader);
  } else if (/^\d*(<<-?(?!<)|<<<|<>|[<>]&|>>|>\||[<>])/.test(text.slice(at, at + OPERATOR_LENGTH))) {
    redirect(reader, /^\d*(<<<|<<-?|<>|[<>]&|>>|>\||[<>])/);
  } else reader.words.push(readWord(reader));
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

function endLine(reader: Reader): void {
  reader.at += 1;
  endCommand(reader);
  for (const { delimiter, stripsTabs } of reader.heredocs.splice(0)) {
    while (reader.at < reader.text.length) {
      const end = endOfLine(reader.text, reader.at);
      const line = reader.text.slice(reader.at, end);
      reader.at = end + 1;
      if ((stripsTabs ? line.replace(/^\t+/, '') : line) === delimiter) break;
    }
  }
}

/** An operator with the word behind it, which is no word of the command. */
function redirect(reader: Reader, operator: RegExp): void {
  const [found = ''] = operator.exec(reader.text.slice(reader.at, reader.at + OPERATOR_LENGTH)) ?? [];
  reader.at += found.length;
  while (/[ \t]/.test(reader.text[reader.at] ?? '')) reader.at += 1;
  const { text } = readWord(reader);
  if (/^\d*<<-?$/.test(found)) reader.heredocs.push({ delimiter: text, stripsTabs: found.endsWith('-') });
}

function readWord(reader: Reader): ShellWord {
  const { text } = reader;
  const start = reader.at;
  let word = '';
  while (reader.at < text.length && !/[\s;&|()<>]/.test(text[reader.at] ?? '')) word += readPiece(reader);
  return { text: word, start, end: reader.at };
}

function readPiece(reader: Reader): string {
  const { text, at } = reader;
  const letter = text[at] ?? '';
  if (letter === '\\') {
    reader.at += 2;
    return text[at + 1] === '\n' ? '' : (text[at + 1] ?? '');
  }
  if (letter === "'") return readUntil(reader, text.indexOf("'", at + 1));
  if (letter === '"') return readQuoted(reader);
  if (letter === '`') return take(reader, text.indexOf('`', at + 1) + 1);
  if (text.startsWith('$(', at) || text.startsWith('${', at)) return take(reader, endOfNested(text, at + 1));
  reader.at += 1;
  return letter;
}

/** What is between quotes that end at `end`. */
function readUntil(reader: Reader, end: number): string {
  const last = end < 0 ? reader.text.length : end;
  const inside = reader.text.slice(reader.at + 1, last);
  reader.at = last + 1;
  return inside;
}

/** Up to `end` as it is written. */
function take(reader: Reader, end: number): string {
  const last = end <= reader.at ? reader.text.length : end;
  const written = reader.text.slice(reader.at, last);
  reader.at = last;
  return written;
}

function readQuoted(reader: Reader): string {
  const { text } = reader;
  let inside = '';
  reader.at += 1;
  while (reader.at < text.length && text[reader.at] !== '"') {
    const letter = text[reader.at] ?? '';
    const next = text[reader.at + 1] ?? '';
    if (letter === '\\' && '\\"$`\n'.includes(next)) {
      inside += next === '\n' ? '' : next;
      reader.at += 2;
    } else if (letter === '$' && (next === '(' || next === '{'))
      inside += take(reader, endOfNested(text, reader.at + 1));
    else {
      inside += letter;
      reader.at += 1;
    }
  }
  reader.at += 1;
  return inside;
}

/** Behind the bracket that closes the one at `at`; quotes inside are respected. */
function endOfNested(text: string, at: number): number {
  const closing = text[at] === '(' ? ')' : '}';
  const opening = text[at] ?? '';
  let depth = 0;
  for (let index = at; index < text.length; index++) {
    const letter = text[index] ?? '';
    if (letter === '\\') index += 1;
    else if (letter === "'" && opening === '(') index = Math.max(index, text.indexOf("'", index + 1));
    else if (letter === opening) depth += 1;
    else if (letter === closing) depth -= 1;
    if (depth === 0) return index + 1;
  }
  return text.length;
}

function endCommand(reader: Reader): void {
  const words = reader.words.splice(0);
  while (RESERVED.includes(words[0]?.text ?? '')) words.shift();
  if (NO_COMMAND.includes(words[0]?.text ?? '')) return;
  const assignments: ShellCommand['assignments'] = [];
  for (
    let found = ASSIGNMENT.exec(words[0]?.text ?? '');
    found !== null;
    found = ASSIGNMENT.exec(words[0]?.text ?? '')
  ) {
    assignments.push({ name: found[1] ?? '', value: found[2] ?? '' });
    words.shift();
  }
  if (words.length > 0 || assignments.length > 0) reader.commands.push({ assignments, words });
}
