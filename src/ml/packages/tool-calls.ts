import { shellCommands, type ShellWord } from './shell-commands.ts';

/** Programs that fetch and install packages, under one name for all their forms. */
export type Tool =
  | 'pip' | 'uv' | 'uvx' | 'poetry' | 'pdm' | 'pipenv' | 'conda' | 'apt' | 'apk' | 'dnf' | 'npm' | 'npx' | 'pnpm' | 'yarn' | 'cargo' | 'go'
  | 'huggingface'; // prettier-ignore

/** One call of such a program. */
export interface ToolCall {
  tool: Tool;
  /** First words that are no options: `install`, `pip install`. */
  verb: string;
  /** All behind the program's name. */
  args: readonly string[];
  /** Variables that are set for it alone. */
  assignments: ReadonlyMap<string, string>;
  /** Its words in the text; absent where the text is itself inside of a word. */
  place?: { start: number; args: readonly ShellWord[] };
}

const PROGRAMS: readonly (readonly [pattern: RegExp, tool: Tool])[] = [
  [/^pip(\d+(\.\d+)*)?$/, 'pip'],
  [/^uv$/, 'uv'],
  [/^uvx$/, 'uvx'],
  [/^poetry$/, 'poetry'],
  [/^pdm$/, 'pdm'],
  [/^pipenv$/, 'pipenv'],
  [/^(conda|mamba|micromamba)$/, 'conda'],
  [/^(apt|apt-get|aptitude)$/, 'apt'],
  [/^apk$/, 'apk'],
  [/^(dnf5?|microdnf|yum|tdnf)$/, 'dnf'],
  [/^npm$/, 'npm'],
  [/^npx$/, 'npx'],
  [/^pnpm$/, 'pnpm'],
  [/^(yarn|yarnpkg)$/, 'yarn'],
  [/^cargo$/, 'cargo'],
  [/^go$/, 'go'],
  [/^(huggingface-cli|hf)$/, 'huggingface'],
];

const PYTHON = /^(python(\d+(\.\d+)*)?|pypy\d*)$/;
const SHELL = /^(sh|bash|dash|ash|zsh)$/;

/** Options of programs that run another one, which are followed by a value. */
const WRAPPERS: Readonly<Record<string, RegExp>> = {
  sudo: /^-[ugpCDhRrtT]$/,
  doas: /^-[uC]$/,
  env: /^(-u|-C|-S|--unset|--chdir)$/,
  nice: /^-n$/,
  ionice: /^-[cnp]$/,
  timeout: /^(-k|-s|--kill-after|--signal)$/,
  xargs: /^-[aEILnPsd]$/,
  exec: /^-a$/,
  stdbuf: /^-[ioe]$/,
  command: /^$/,
  nohup: /^$/,
  time: /^-[fo]$/,
  eatmydata: /^$/,
  catchsegv: /^$/,
};

/** Options before the verb that are followed by a value. */
const VALUED: Partial<Record<Tool, RegExp>> = {
  pip: /^(--proxy|--cache-dir|--log|--cert|--client-cert|--timeout|--retries|--trusted-host|--python|--exists-action)$/,
  uv: /^(--cache-dir|--directory|--project|--config-file|--python|-p)$/,
  apt: /^(-o|-t|-c|--option|--target-release|--config-file)$/,
  npm: /^(--prefix|--cache|--registry|-w|--workspace)$/,
  dnf: /^(--setopt|--releasever|--installroot|--enablerepo|--disablerepo)$/,
  conda: /^(--root-prefix|-r)$/,
  go: /^-C$/,
  poetry: /^(-C|--directory|-P|--project)$/,
};

const DEPTH_LIMIT = 4;

/** Calls of package tools in a shell text. @param options.isFixed the text cannot be changed: calls have no place */
export function toolCalls(text: string, { isFixed = false } = {}): ToolCall[] {
  return callsIn(text, { depth: isFixed ? 1 : 0, outer: new Map() });
}

/** The same of a command that is a list of words. */
export function toolCallsOfWords(words: readonly string[]): ToolCall[] {
  return callsOf(
    words.map((text) => ({ text, start: -1, end: -1 })),
    { depth: 1, outer: new Map() },
  );
}

interface Around {
  depth: number;
  outer: ReadonlyMap<string, string>;
}

function callsIn(text: string, around: Around): ToolCall[] {
  if (around.depth > DEPTH_LIMIT) return [];
  const exported = new Map(around.outer);
  return shellCommands(text).flatMap(({ assignments, words }) => {
    const own = assignments.map(({ name, value }): [string, string] => [name, value]);
    if (words.length === 0 || words[0]?.text === 'export') {
      for (const [name, value] of [...own, ...words.slice(1).map(({ text: word }) => splitAssignment(word))])
        exported.set(name, value);
      return [];
    }
    return callsOf(words, { depth: around.depth, outer: new Map([...exported, ...own]) });
  });
}

function splitAssignment(word: string): [string, string] {
  const at = word.indexOf('=');
  return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
}

function callsOf(words: readonly ShellWord[], { depth, outer }: Around): ToolCall[] {
  const [program, ...rest] = words;
  if (program === undefined) return [];
  const name = program.text.slice(program.text.lastIndexOf('/') + 1);
  const valued = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (valued !== undefined) return callsOf(...unwrap(rest, { name, valued }, { depth, outer }));
  if (SHELL.test(name)) {
    const script = scriptOf(rest);
    return script === undefined ? [] : callsIn(script, { depth: depth + 1, outer });
  }
  const wrapped = PYTHON.test(name) ? moduleOf(rest) : runOf(name, rest);
  if (wrapped !== undefined) return callsOf(wrapped, { depth, outer });
  const tool = PROGRAMS.find(([pattern]) => pattern.test(name))?.[1];
  if (tool === undefined) return [];
  const call = {
    tool,
    verb: verbOf(
      tool,
      rest.map(({ text }) => text),
    ),
    args: rest.map(({ text }) => text),
    assignments: outer,
  };
  return [depth === 0 ? { ...call, place: { start: words[0]?.start ?? 0, args: rest } } : call];
}

/** The command behind `sudo -E -u app`, `env A=b`, `timeout 30`. */
function unwrap(
  words: readonly ShellWord[],
  { name, valued }: { name: string; valued: RegExp },
  { depth, outer }: Around,
): [ShellWord[], Around] {
  const set = new Map(outer);
  let at = 0;
  for (; at < words.length; at++) {
    const { text } = words[at] ?? { text: '' };
    if (text.startsWith('-')) at += valued.test(text) ? 1 : 0;
    else if (/^[A-Za-z_]\w*=/.test(text) && (name === 'env' || name === 'sudo')) set.set(...splitAssignment(text));
    else break;
  }
  if (name === 'timeout') at += 1;
  return [words.slice(at), { depth, outer: set }];
}

/** The text behind `-c` of a shell. */
function scriptOf(words: readonly ShellWord[]): string | undefined {
  const at = words.findIndex(({ text }) => /^-[a-z]*c$/.test(text));
  return at < 0 ? undefined : words[at + 1]?.text;
}

/** The command line of a module: `python -m pip install` is `pip install`. */
function moduleOf(words: readonly ShellWord[]): ShellWord[] | undefined {
  const at = words.findIndex(({ text }) => !/^-[bBdEhiIOPqsSuvVx]+$/.test(text));
  return words[at]?.text === '-m' ? words.slice(at + 1) : undefined;
}

/** The command behind `conda run -n env`, `uv run`, `poetry run`: only those that run a tool in an environment. */
function runOf(name: string, words: readonly ShellWord[]): ShellWord[] | undefined {
  if (!/^(conda|mamba|micromamba)$/.test(name) || words[0]?.text !== 'run') return undefined;
  let at = 1;
  while (words[at]?.text.startsWith('-') === true)
    at += /^(-n|--name|-p|--prefix|--cwd)$/.test(words[at]?.text ?? '') ? 2 : 1;
  return words.slice(at);
}

function verbOf(tool: Tool, args: readonly string[]): string {
  const plain: string[] = [];
  for (let at = 0; at < args.length && plain.length < 2; at++) {
    const word = args[at] ?? '';
    if (!word.startsWith('-')) plain.push(word);
    else if (plain.length === 0 && VALUED[tool]?.test(word) === true) at += 1;
  }
  const [first = '', second = ''] = plain;
  const isGroup = (tool === 'uv' && /^(pip|tool|cache|python)$/.test(first)) || /^(cache|env|mod)$/.test(first);
  return isGroup ? `${first} ${second}`.trim() : first;
}
