import type { ShellCommand } from '../shell-commands.ts';

/** A command that installs Python packages. */
export interface PythonInstall {
  tool: 'pip' | 'uv';
  /** As they are written: `torch==2.4.0`, `requests`, `git+https://…`. */
  requirements: string[];
  /** `-r` files. */
  files: string[];
  /** `-c` files. */
  constraints: string[];
  /** Folders of the project itself: `.`, `-e .`. */
  projects: string[];
  /** `--index-url` and `--extra-index-url`. */
  indexes: string[];
  hasNoCache: boolean;
  isUpgrade: boolean;
}

/** Options of pip and uv that take a value as the next word, and are of no interest here. */
const WITH_VALUE = new Set([
  '-t',
  '--target',
  '-d',
  '--dest',
  '--platform',
  '--python-version',
  '--implementation',
  '--abi',
  '--root',
  '--prefix',
  '--src',
  '-b',
  '--build',
  '--upgrade-strategy',
  '--config-settings',
  '-C',
  '--global-option',
  '--install-option',
  '--no-binary',
  '--only-binary',
  '--progress-bar',
  '--trusted-host',
  '--cert',
  '--client-cert',
  '--cache-dir',
  '--proxy',
  '--retries',
  '--timeout',
  '--log',
  '--python',
  '-p',
  '--torch-backend',
  '--index-strategy',
  '--link-mode',
  '--resolution',
  '--prerelease',
  '--exclude-newer',
  '--report',
  '--root-user-action',
  '--use-feature',
  '--extra',
  '--group',
  '--keyring-provider',
]);

/** Reads `pip install …` and `uv pip install …`; undefined for anything else. */
export function pythonInstallOf({ words }: ShellCommand): PythonInstall | undefined {
  const [program = '', ...rest] = words;
  const tool = program === 'uv' ? 'uv' : /^pip[0-9.]*$/.test(program) ? 'pip' : undefined;
  if (tool === undefined) return undefined;
  const args = tool === 'uv' ? afterPip(rest) : rest;
  const at = args?.findIndex((word) => !word.startsWith('-')) ?? -1;
  if (args === undefined || at < 0 || args[at] !== 'install') return undefined;
  const install: PythonInstall = {
    tool,
    requirements: [],
    files: [],
    constraints: [],
    projects: [],
    indexes: [],
    hasNoCache: args.includes('--no-cache-dir') || args.includes('--no-cache') || rest.includes('--no-cache'),
    isUpgrade: false,
  };
  const own = args.slice(at + 1);
  for (let index = 0; index < own.length; index++) index += readWord(install, own[index] ?? '', own[index + 1] ?? '');
  return install;
}

/** What stands behind `uv … pip`. */
function afterPip(words: readonly string[]): string[] | undefined {
  const at = words.findIndex((word) => !word.startsWith('-'));
  return words[at] === 'pip' ? words.slice(at + 1) : undefined;
}

/** @returns how many words it took besides its own */
function readWord(install: PythonInstall, ...[word, next]: [word: string, next: string]): number {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  const name = equals < 0 ? word : word.slice(0, equals);
  const value = equals < 0 ? next : word.slice(equals + 1);
  const taken = equals < 0 ? 1 : 0;
  const list = listOf(install, name);
  if (list !== undefined) {
    list.push(value);
    return taken;
  }
  if (/^-[rc]./.test(word)) (word[1] === 'r' ? install.files : install.constraints).push(word.slice(2));
  else if (name === '-U' || name === '--upgrade') install.isUpgrade = true;
  else if (WITH_VALUE.has(name)) return taken;
  else if (!word.startsWith('-') && word !== '') (isProject(word) ? install.projects : install.requirements).push(word);
  return 0;
}

function listOf(install: PythonInstall, option: string): string[] | undefined {
  if (option === '-r' || option === '--requirement' || option === '--requirements') return install.files;
  if (['-c', '--constraint', '--constraints'].includes(option)) return install.constraints;
  if (option === '-e' || option === '--editable') return install.projects;
  return /^(?:-i|--(?:extra-)?index-url|-f|--find-links|--index|--default-index)$/.test(option)
    ? install.indexes
    : undefined;
}

/** A folder or a file of the context, not a name on an index. */
function isProject(word: string): boolean {
  return /^(?:\.|\/|~|\$|file:)/.test(word) || /\.(?:whl|tar\.gz|zip)$/.test(word.split('[')[0] ?? word);
}

/** Name of a requirement as indexes compare it: `Torch_Vision[x]==1` is `torch-vision`. */
export function requirementName(requirement: string): string {
  const [name = ''] = /^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(requirement.trim()) ?? [];
  return name.toLowerCase().replace(/[._-]+/g, '-');
}

/** Whether a requirement says exactly what is meant: a version, a file, or a commit. */
export function isPinned(requirement: string): boolean {
  const [text = ''] = requirement.split(';');
  if (/[$`]/.test(text)) return true; // the variable says it
  if (/===?/.test(text)) return true;
  if (/^(?:git|hg|svn|bzr)\+/.test(text) || /@\s*(?:git|hg|svn|bzr)\+/.test(text))
    return /@[^/@:]+(?:#|$)/.test(text.slice(text.indexOf('://') + 3).replace(/^[^/]*@/, ''));
  return /@\s*(?:https?|file):/.test(text) || /^https?:/.test(text);
}

/** The requirements of a file's text, and the options in it. */
export function readRequirements(text: string): { requirements: string[]; options: string[] } {
  const requirements: string[] = [];
  const options: string[] = [];
  for (const line of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const stripped = line.replace(/(?:^|\s)#.*$/, '').trim();
    if (stripped === '') continue;
    if (stripped.startsWith('-')) options.push(stripped);
    else requirements.push(stripped.replace(/\s--hash=.*$/, ''));
  }
  return { requirements, options };
}
