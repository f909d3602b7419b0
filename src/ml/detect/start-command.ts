import { shellCommands } from '../packages/shell-commands.ts';

/** A command that starts a program, as far as its words tell. */
export interface StartCommand {
  /** Without variables before it and wrappers such as `poetry run`. */
  words: readonly string[];
  /** `gunicorn`, `uvicorn`, `python`, `streamlit`, … */
  program: string;
  /** `package.module` with the variable behind the colon. */
  target: { module: string; variable: string } | undefined;
  /** A file that Python or the program runs. */
  script: string | undefined;
  port: number | undefined;
  host: string | undefined;
  /** Folder that it goes to first: `cd backend`, `--chdir`. */
  folder: string;
}

/** Words before a command that leave it what it is. */
const WRAPPERS: readonly (readonly string[])[] = [['poetry', 'run'], ['pipenv', 'run'], ['pdm', 'run'], ['uv', 'run'], ['hatch', 'run'], ['conda', 'run'], ['exec'], ['sudo'], ['nohup'], ['time'], ['tini', '--'], ['/sbin/tini', '--'], ['dumb-init'], ['dumb-init', '--'], ['env'], ['ddtrace-run'], ['opentelemetry-instrument'], ['newrelic-admin', 'run-program']]; // prettier-ignore
/** Programs that take `module:variable`. */
const SERVERS: ReadonlySet<string> = new Set(['gunicorn', 'uvicorn', 'hypercorn', 'daphne', 'waitress-serve', 'uwsgi', 'granian', 'fastapi', 'litestar', 'sanic', 'bentoml', 'bjoern', 'serve']); // prettier-ignore
/** Programs that take a file. */
const RUNNERS: ReadonlySet<string> = new Set(['streamlit', 'chainlit', 'panel', 'shiny', 'gradio', 'voila', 'marimo', 'mesop', 'solara']); // prettier-ignore
const HOST_FLAGS = new Set(['--host', '-h', '-H', '--server.address', '--address', '--bind', '-b', '--server-name']);
const PORT_FLAGS = new Set(['--port', '-p', '-P', '--server.port', '--bind', '-b', '--http', '--listen', '--server-port', '--http-socket']); // prettier-ignore

/** The command of a line of shell that starts a program: the last of those chained that is one; undefined if none is. */
export function startCommand(line: string): StartCommand | undefined {
  let folder = '';
  let found: StartCommand | undefined;
  for (const { words } of shellCommands(line)) {
    const texts = words.map(({ text }) => text);
    if (texts[0] === 'cd' && texts[1] !== undefined) folder = texts[1].replace(/^\.?\/+|\/+$/g, '');
    else found = commandOfWords(texts, folder) ?? found;
  }
  return found;
}

/** The same of words that are one command. */
export function commandOfWords(given: readonly string[], folder = ''): StartCommand | undefined {
  const words = unwrapped(given);
  const [first = ''] = words;
  const name = first.slice(first.lastIndexOf('/') + 1);
  if (/^(?:ba|da|z|a)?sh$/.test(name) && /^-\w*c$/.test(words[1] ?? '')) return startCommand(words[2] ?? '');
  const isPython = /^(?:python|pypy)[\d.]*w?$/.test(name);
  const program = isPython ? (words[1] === '-m' ? (words[2] ?? '') : 'python') : name;
  const rest = isPython && words[1] === '-m' ? words.slice(3) : words.slice(1);
  if (!isPython && !SERVERS.has(program) && !RUNNERS.has(program) && program !== 'flask') return undefined;
  const base = { words, program, ...addressIn(rest), folder: chdirIn(rest) ?? folder };
  const plain = rest.filter((word) => !isValue(rest, word));
  if (SERVERS.has(program)) return { ...base, target: targetIn(rest), script: scriptIn(plain) };
  if (program === 'python') return { ...base, target: undefined, script: scriptIn(rest) ?? folderIn(rest) };
  if (RUNNERS.has(program)) return { ...base, target: undefined, script: scriptIn(rest) };
  if (program === 'flask') return { ...base, target: flaskTarget(words), script: undefined };
  return { ...base, target: { module: program, variable: '' }, script: undefined };
}

function unwrapped(given: readonly string[]): readonly string[] {
  let words = given.filter((word, index) => !(index === 0 && word === ''));
  for (let changed = true; changed;) {
    changed = false;
    while (/^[A-Za-z_]\w*=/.test(words[0] ?? '')) words = words.slice(1);
    const wrapper = WRAPPERS.find((prefix) => prefix.every((word, index) => words[index] === word));
    if (wrapper === undefined) continue;
    words = words.slice(wrapper.length);
    while (wrapper.length === 2 && /^--?[\w-]+$/.test(words[0] ?? '')) words = words.slice(1);
    changed = true;
  }
  return words;
}

function targetIn(words: readonly string[]): StartCommand['target'] {
  for (const word of words) {
    const match = /^([A-Za-z_][\w.]*)(?::([A-Za-z_][\w.]*))?(?:\(.*\))?$/.exec(word);
    if (match === null || /^(?:run|serve|dev|start|call|factory)$/.test(word) || isValue(words, word)) continue;
    if (word.endsWith('.py')) return undefined;
    return { module: match[1] ?? '', variable: match[2] ?? '' };
  }
  return undefined;
}

/** True for the value of an option before it: `-k uvicorn.workers.UvicornWorker`. */
function isValue(words: readonly string[], word: string): boolean {
  const before = words[words.indexOf(word) - 1] ?? '';
  return before.startsWith('-') && !before.includes('=') && !/^--?(?:reload|preload|factory|call|access-log|no-\w+|proxy-headers|use-colors|dev)$/.test(before); // prettier-ignore
}

function scriptIn(words: readonly string[]): string | undefined {
  const file = words.find((word) => /^[^-$][^\s$]*\.py$/.test(word));
  return file?.replace(/^\.\//, '');
}

/** `python folder` starts its `__main__.py`. */
function folderIn([first = '']: readonly string[]): string | undefined {
  return /^[\w./]+$/.test(first) && !/^[.\d/]*$/.test(first) ? `${first.replace(/^\.\/|\/$/g, '')}/__main__.py` : undefined;
} // prettier-ignore

function flaskTarget(words: readonly string[]): StartCommand['target'] {
  const at = words.findIndex((word) => word === '--app' || word === '-A');
  const app = at === -1 ? words.find((word) => word.startsWith('--app='))?.slice(6) : words[at + 1];
  if (app === undefined) return undefined;
  const [module = '', variable = ''] = app.replace(/\.py$/, '').replaceAll('/', '.').split(':');
  return { module, variable: variable.replace(/\(.*$/, '') };
}

function chdirIn(words: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    const match = /^(?:--chdir|--app-dir|--pythonpath)(?:=(.*))?$/.exec(word);
    if (match !== null) return (match[1] ?? words[index + 1] ?? '').replace(/^\.?\/+|\/+$/g, '');
  }
  return undefined;
}

/** Host and port among the options; `$PORT` is none, and `${PORT:-8000}` is 8000. */
function addressIn(words: readonly string[]): { host: string | undefined; port: number | undefined } {
  let host: string | undefined;
  let port: number | undefined;
  for (const [index, word] of words.entries()) {
    const [flag = '', own] = word.startsWith('--') && word.includes('=') ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] : [word]; // prettier-ignore
    const value = (own ?? words[index + 1] ?? '').replace(/\$\{\w+:-([^}]*)\}/g, '$1');
    const address = /^(.*):(\d{2,5})$/.exec(value);
    if (HOST_FLAGS.has(flag)) host ??= address?.[1] ?? (/^[\d.]+$|^localhost$/.test(value) ? value : undefined);
    if (PORT_FLAGS.has(flag)) port ??= Number(address?.[2] ?? (/^:?\d{2,5}$/.test(value) ? value.replace(':', '') : Number.NaN)) || undefined; // prettier-ignore
    if (flag === 'runserver') port ??= Number(/(?:^|:)(\d{2,5})$/.exec(value)?.[1] ?? Number.NaN) || undefined;
  }
  return { host, port };
}
