import { UnavailableError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';

export interface GitOptions {
  /** Folder to work in. */
  cwd: string;
  /** Settings that must be seen neither in the list of processes nor in the repository. */
  settings: ReadonlyMap<string, string>;
  /** Socket of an SSH agent. */
  agent?: string | undefined;
  signal: AbortSignal;
}

/**
 * Settings for repositories that nobody vouches for: no hooks, no helpers, no other transport than those of the network. `user` leaves the
 * transport by files to what we ask for ourselves; submodules do not get it.
 */
const HARDENED: readonly string[] = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.symlinks=true',
  'core.autocrlf=false',
  'protocol.allow=never',
  'protocol.https.allow=always',
  'protocol.http.allow=always',
  'protocol.git.allow=always',
  'protocol.ssh.allow=always',
  'protocol.file.allow=user',
  'credential.helper=',
  'init.defaultBranch=master',
  'advice.detachedHead=false',
  'gc.auto=0',
  'maintenance.auto=false',
];

/** Hosts that the system's own list does not know are taken as they are met. */
const SSH =
  'ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR';

const PASSED = ['PATH', ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]), 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO']; // prettier-ignore

/**
 * Runs git, which reads neither the settings of the host nor those of its user, and asks nobody for anything.
 * @throws {UnavailableError} if it is not installed, or fails: the message has the last line it wrote
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<string> {
  const { cwd, signal } = options;
  const settings = HARDENED.flatMap((setting) => ['-c', setting]);
  const { code, stdout, stderr } = await run(['git', ...settings, ...args], {
    cwd,
    signal,
    env: environment(options),
    allowFailure: true,
  });
  if (code === 0) return stdout;
  throw new GitError(`git ${args[0] ?? ''} failed: ${lastLine(stderr) || `exit ${code}`}`, stderr);
}

/** What git wrote when it failed. */
export class GitError extends UnavailableError {
  readonly output: string;

  constructor(message: string, output: string) {
    super(message, {
      why: redact(output).trim().split('\n').slice(-5).join('\n'),
      hint: 'check the address, the name of the branch or tag, and who may read the repository',
    });
    this.output = output;
  }
}

function environment({ settings, agent }: GitOptions): Record<string, string> {
  const passed = PASSED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const given = [...settings].flatMap(([name, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, name] as const,
    [`GIT_CONFIG_VALUE_${index}`, value] as const,
  ]);
  return {
    ...Object.fromEntries([...passed, ...given]),
    GIT_CONFIG_COUNT: String(settings.size),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/true',
    GIT_SSH_COMMAND: SSH,
    HOME: '/nonexistent',
    LC_ALL: 'C',
    ...(agent !== undefined && { SSH_AUTH_SOCK: agent }),
  };
}

function lastLine(text: string): string {
  const lines = redact(text).trim().split('\n');
  return lines.findLast((line) => /^(fatal|error):/.test(line)) ?? lines.at(-1) ?? '';
}

function redact(text: string): string {
  return text.replaceAll(/([a-z0-9+.-]+:\/\/)[^/\s@]*@/gi, '$1');
}
