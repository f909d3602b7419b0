import type { Command } from './command.ts';
import { type Entry, type Group, GROUPS, SHORT } from './commands.ts';
import type { OptionTable } from './options.ts';

const GLOBAL = [
  'Options for every command:',
  '  -H, --host ADDRESS   Engine to talk to: unix:///path/to/socket or tcp://host:port (BERTH_HOST, DOCKER_HOST)',
  '      --tlscacert, --tlscert, --tlskey FILE   Certificates for an engine behind TLS (BERTH_CERT_PATH)',
  '  -h, --help           Show help',
  '  -v, --version        Show the version of this program',
];

/** The page of `berth --help`. */
export function programHelp(): string {
  const lines = [
    'Usage: berth [options] COMMAND',
    '',
    'Containers for machine learning: train, build, serve, and everything between.',
  ];
  for (const [heading, commands] of Object.entries(SHORT)) lines.push('', `${heading}:`, ...entryLines(commands));
  lines.push('', 'By noun (berth NOUN --help):', ...summaryLines(Object.entries(GROUPS)), '', ...GLOBAL, '');
  lines.push('More about a command: berth COMMAND --help');
  return lines.join('\n');
}

/** The page of `berth container --help`. */
export function groupHelp(name: string, group: Group): string {
  return [`Usage: berth ${name} COMMAND`, '', group.summary, '', 'Commands:', ...entryLines(group.commands)].join('\n');
}

/** The page of one command. */
export function commandHelp(name: string, entry: Entry, command: Command): string {
  const lines = [`Usage: berth ${name} ${command.usage}`.trimEnd(), '', entry.summary];
  if (command.details !== undefined) lines.push('', command.details);
  const options = optionLines(command.options);
  if (options.length > 0) lines.push('', 'Options:', ...options);
  return lines.join('\n');
}

function entryLines(commands: Readonly<Record<string, Entry>>): string[] {
  return summaryLines(Object.entries(commands));
}

function summaryLines(entries: readonly (readonly [string, { summary: string }])[]): string[] {
  const width = Math.max(12, ...entries.map(([name]) => name.length));
  return entries.map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
}

function optionLines(options: OptionTable): string[] {
  const shown = Object.entries(options).filter(([, { help }]) => help !== '');
  const heads = shown.map(([name, { kind, short, value }]) => {
    const long = kind === 'choice' ? `--${name}[=${value ?? 'VALUE'}]` : `--${name}`;
    const tail = kind === 'flag' || kind === 'choice' ? '' : ` ${value ?? (kind === 'number' ? 'NUMBER' : 'TEXT')}`;
    return `  ${short === undefined ? '   ' : `-${short},`} ${long}${tail}`;
  });
  const width = Math.min(36, Math.max(...heads.map(({ length }) => length)));
  return shown.map(([, { help }], index) => `${(heads[index] ?? '').padEnd(width)}  ${help}`);
}
