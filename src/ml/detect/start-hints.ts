import { baseOf, type FileTree, folderOf, joinPath } from '../files.ts';
import { dockerfileStart } from './dockerfile-start.ts';
import { composeStarts } from './compose-starts.ts';
import { commandOfWords, type StartCommand, startCommand } from './start-command.ts';
import type { StartHint } from './start-hint.ts';

const MAX_FILES = 40;
const MAX_DEPTH = 3;
const SCRIPT_NAME = /^(?:start|run|entrypoint|docker-entrypoint|serve|launch|boot|run_app|start_server)\.sh$/;

/** What all names that are looked for begin with: most files of a large project are told by it at once. */
const CANDIDATE =
  /^(?:Procfile|Dockerfile|docker-|compose|README|readme|Readme|config\.toml|\.flaskenv|render|nixpacks|railway|app\.ya?ml|fly\.|zeabur|koyeb|gunicorn|pyproject)|\.sh$/;

type Reader = (text: string, at: { tree: FileTree; file: string }) => Promise<readonly StartHint[]> | readonly StartHint[]; // prettier-ignore

const READERS: readonly { name: RegExp; read: Reader }[] = [
  { name: /^Procfile$/, read: procfile },
  { name: /^Dockerfile$/, read: dockerfile },
  { name: /^(?:docker-)?compose\.ya?ml$/, read: (text, { file }) => composeStarts(text, file) },
  { name: /^README(?:\.md|\.rst|\.txt)?$/i, read: readme },
  { name: SCRIPT_NAME, read: shellScript },
  { name: /^(?:render\.ya?ml|nixpacks\.toml|railway\.(?:json|toml)|app\.ya?ml|fly\.toml|zeabur\.json|koyeb\.yaml)$/, read: platformFile }, // prettier-ignore
  { name: /^config\.toml$/, read: streamlitConfig },
  { name: /^\.flaskenv$/, read: flaskEnvironment },
  { name: /^pyproject\.toml$/, read: consoleScripts },
  { name: /^gunicorn(?:[._]conf(?:ig)?)?\.py$/, read: gunicornConfig },
];

/** Commands and ports that files of a project name, the most binding first. */
export async function readStartHints(tree: FileTree): Promise<StartHint[]> {
  const found: StartHint[] = [];
  let read = 0;
  for (const { path } of tree.files) {
    const base = baseOf(path);
    if (!CANDIDATE.test(base) || path.split('/').length > MAX_DEPTH || read >= MAX_FILES) continue;
    const reader = READERS.find(({ name }) => name.test(base));
    const text = reader === undefined ? undefined : await tree.read(path);
    if (reader === undefined || text === undefined) continue;
    read++;
    found.push(...(await reader.read(text, { tree, file: path })));
  }
  return found.toSorted((a, b) => b.weight - a.weight || a.file.split('/').length - b.file.split('/').length);
}

interface Place {
  file: string;
  line: number;
}

function hint(source: string, weight: number, { file, line }: Place): (command: StartCommand | undefined) => StartHint {
  return (command) => ({ source, weight, file, line, folder: folderOf(file), command, port: command?.port, kind: undefined });
} // prettier-ignore

/** `web: gunicorn app:app`; a script that it calls is read as well. */
async function procfile(text: string, { tree, file }: { tree: FileTree; file: string }): Promise<StartHint[]> {
  const found: StartHint[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const match = /^\s*(web|app|api|server|worker|start|dash|ui)\s*:\s*(.+)$/.exec(line);
    if (match === null) continue;
    const command = startCommand(match[2] ?? '') ?? (await scriptCommand(tree, folderOf(file), match[2] ?? ''));
    if (command !== undefined)
      found.push(hint('the Procfile', match[1] === 'worker' ? 500 : 900, { file, line: index + 1 })(command));
  }
  return found;
}

/** What `sh start.sh` starts. */
async function scriptCommand(tree: FileTree, folder: string, line: string): Promise<StartCommand | undefined> {
  const name = /(?:^|\s|\/)([\w./-]+\.sh)\b/.exec(line)?.[1];
  const path = name === undefined ? undefined : joinPath(folder, name);
  const text = path === undefined ? undefined : await tree.read(path);
  return text === undefined ? undefined : startCommand(text.slice(0, 20_000));
}

async function dockerfile(text: string, { tree, file }: { tree: FileTree; file: string }): Promise<StartHint[]> {
  const start = dockerfileStart(text);
  if (start === undefined) return [];
  const { words, isShell, port, line } = start;
  const joined = words.join(' ');
  const command =
    (isShell ? startCommand(joined) : commandOfWords(words)) ?? (await scriptCommand(tree, folderOf(file), joined));
  const base = hint('the Dockerfile', 700, { file, line })(command);
  return [{ ...base, port: command?.port ?? port }];
}

/** The card of a Hugging Face space, and commands in blocks of code. */
function readme(text: string, { file }: { file: string }): StartHint[] {
  const card = /^---\r?\n([^]*?)\r?\n---/.exec(text.slice(0, 5000))?.[1] ?? '';
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*["']?([^"'\\n#]+)`, 'm').exec(card)?.[1]?.trim(); // prettier-ignore
  const [sdk, app, port] = [field('sdk'), field('app_file'), field('app_port')];
  const found: StartHint[] = [];
  if (sdk !== undefined) {
    const words = [sdk === 'streamlit' ? 'streamlit' : 'python', ...(sdk === 'streamlit' ? ['run'] : []), app ?? 'app.py'];
    const command = sdk === 'docker' ? undefined : commandOfWords(words);
    found.push({ ...hint('the card of its space', 800, { file, line: 1 })(command), port: Number(port) || undefined });
  }
  for (const { line, content } of codeLines(text)) {
    const command = startCommand(content);
    if (command === undefined || (command.target === undefined && command.script === undefined)) continue;
    found.push(hint('the README', 40, { file, line })(command));
    if (found.length > 12) break;
  }
  return found;
} // prettier-ignore

const COMMAND_LINE = /^\s*(?:\$|>|%|!)?\s*`?((?:\w+=\S+\s+|poetry run |pipenv run |uv run |pdm run )*(?:python3?|streamlit|uvicorn|gunicorn|flask|chainlit|hypercorn|bentoml|fastapi|panel|shiny)\s[^`]*)`?/; // prettier-ignore

function* codeLines(text: string): Generator<{ line: number; content: string }> {
  for (const [index, raw] of text.slice(0, 100_000).split('\n').entries()) {
    const match = COMMAND_LINE.exec(raw) ?? /`((?:streamlit run|uvicorn|python3?|flask) [^`]+)`/.exec(raw);
    if (match !== null && !/\b(?:-m\s+(?:venv|pip|pytest|build|ipykernel|spacy|nltk)|setup\.py|-c|--version)\b/.test(raw))
      yield { line: index + 1, content: match[1] ?? '' };
  }
} // prettier-ignore

function shellScript(text: string, { file }: { file: string }): StartHint[] {
  const command = startCommand(text.slice(0, 20_000));
  return command === undefined ? [] : [hint('its start script', 300, { file, line: 1 })(command)];
}

/** `startCommand:` of Render, `cmd =` of Nixpacks, `entrypoint:` of App Engine and the like. */
function platformFile(text: string, { file }: { file: string }): StartHint[] {
  const pattern = /^\s*"?(?:startCommand|cmd|entrypoint|run_command|start|app)"?\s*[:=]\s*["']?(.+?)["']?,?\s*$/gm;
  const found = [...text.matchAll(pattern)].flatMap((match) => {
    const command = startCommand((match[1] ?? '').replace(/\\"/g, '"'));
    const line = text.slice(0, match.index).split('\n').length;
    return command === undefined ? [] : [hint(baseOf(file), 600, { file, line })(command)];
  });
  const port = /^\s*internal_port\s*=\s*(\d+)/m.exec(text)?.[1];
  return port === undefined ? found : [...found, { ...hint(baseOf(file), 600, { file, line: 1 })(undefined), port: Number(port) }];
} // prettier-ignore

/** Port and address in `.streamlit/config.toml`. */
function streamlitConfig(text: string, { file }: { file: string }): StartHint[] {
  if (!file.endsWith('.streamlit/config.toml')) return [];
  const server = /^\[server\]\s*$([^]*?)(?=^\[|$(?![^]))/m.exec(text);
  const port = /^\s*port\s*=\s*(\d+)/m.exec(server?.[1] ?? '');
  if (server === null || port === null) return [];
  const line = text.slice(0, text.indexOf(port[0])).split('\n').length;
  const base = hint('the settings of Streamlit', 850, { file, line })(undefined);
  return [{ ...base, folder: folderOf(folderOf(file)), port: Number(port[1]), kind: 'streamlit' }];
}

/** Commands that a package installs: `serve = "package.server:main"`. Those whose name says that they serve are meant to be started. */
function consoleScripts(text: string, { file }: { file: string }): StartHint[] {
  const section = /^\[(?:project|tool\.poetry)\.scripts\]\s*$([^]*?)(?=^\[|$(?![^]))/m.exec(text);
  if (section === null) return [];
  const start = section.index + section[0].indexOf(section[1] ?? '');
  return [...(section[1] ?? '').matchAll(/^\s*["']?([\w.-]+)["']?\s*=\s*["']([\w.]+):([\w.]+)["']/gm)].map((match) => {
    const [, name = '', module = '', variable = ''] = match;
    const line = text.slice(0, start + match.index + match[0].search(/\S/)).split('\n').length;
    const weight = /serve|server|start|^run|^web|^api|^app$/.test(name) ? 150 : 30;
    const command = { words: [name], program: 'console', target: { module, variable }, script: undefined, port: undefined, host: undefined, folder: '' };
    return hint(`the command ${name}`, weight, { file, line })(command);
  });
} // prettier-ignore

/** `bind = "0.0.0.0:8000"` of a configuration that gunicorn reads by itself. */
function gunicornConfig(text: string, { file }: { file: string }): StartHint[] {
  const bind = /^bind\s*=\s*f?["'][^"'\n:]*:(\d{2,5})["']/m.exec(text);
  if (bind === null) return [];
  const line = text.slice(0, bind.index).split('\n').length;
  return [{ ...hint("gunicorn's settings", 500, { file, line })(undefined), port: Number(bind[1]) }];
}

function flaskEnvironment(text: string, { file }: { file: string }): StartHint[] {
  const value = (name: string): string | undefined => new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=\\s*["']?([^"'\\s#]+)`, 'm').exec(text)?.[1]; // prettier-ignore
  const app = value('FLASK_APP');
  const command = app === undefined ? undefined : commandOfWords(['flask', '--app', app, 'run']);
  const port = Number(value('FLASK_RUN_PORT')) || undefined;
  return [{ ...hint('.flaskenv', 400, { file, line: 1 })(command), port, kind: 'flask' }];
}
