/** One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export interface MountEntry {
  id: number;
  parent: number;
  /** The directory of the file system that is mounted. */
  root: string;
  mountPoint: string;
  options: readonly string[];
  /** `shared:N`, `master:N`, … */
  propagation: readonly string[];
  type: string;
  source: string;
  superOptions: readonly string[];
}

export function parseMountinfo(text: string): MountEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [left = '', right = ''] = line.split(' - ');
      const [id, parent, , root = '', mountPoint = '', options = '', ...propagation] = left.split(' ');
      const [type = '', source = '', superOptions = ''] = right.split(' ');
      return {
        id: Number(id),
        parent: Number(parent),
        root: unescape(root),
        mountPoint: unescape(mountPoint),
        options: options.split(','),
        propagation,
        type,
        source: unescape(source),
        superOptions: superOptions.split(','),
      };
    });
}

/** Space, tab, newline and backslash are written in octal. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** What we read of /proc/PID/stat (proc_pid_stat(5)). */
export interface ProcessStat {
  pid: number;
  /** Name of the program, cut to 15 bytes. */
  name: string;
  /** R, S, D, Z, T, … */
  state: string;
  parent: number;
  /** Clock ticks after boot: with the pid it names a process for good. */
  startTicks: bigint;
  /** Wait status (wait(2)); means something only once the process is a zombie. */
  exitStatus: number;
}

export function parseStat(text: string): ProcessStat {
  // The name may hold spaces and parentheses: it ends at the last one.
  const end = text.lastIndexOf(')');
  const fields = text
    .slice(end + 2)
    .trim()
    .split(' ');
  return {
    pid: Number(text.slice(0, text.indexOf(' '))),
    name: text.slice(text.indexOf('(') + 1, end),
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    startTicks: BigInt(fields[19] ?? 0),
    exitStatus: Number(fields[49] ?? 0),
  };
}

/** `Key: value` lines of /proc/PID/status. */
export function parseStatus(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const),
  );
}

export interface Limit {
  /** Infinity for `unlimited`. */
  soft: number;
  hard: number;
}

/** Names as in /proc/PID/limits against those of setrlimit(2) in lower case. */
const LIMIT_NAMES: Readonly<Record<string, string>> = {
  'Max cpu time': 'cpu', 'Max file size': 'fsize', 'Max data size': 'data', 'Max stack size': 'stack', 'Max core file size': 'core',
  'Max resident set': 'rss', 'Max processes': 'nproc', 'Max open files': 'nofile', 'Max locked memory': 'memlock',
  'Max address space': 'as', 'Max file locks': 'locks', 'Max pending signals': 'sigpending', 'Max msgqueue size': 'msgqueue',
  'Max nice priority': 'nice', 'Max realtime priority': 'rtprio', 'Max realtime timeout': 'rttime',
}; // prettier-ignore

/** Limits by the name that `--ulimit` uses. */
export function parseLimits(text: string): ReadonlyMap<string, Limit> {
  const limits = new Map<string, Limit>();
  for (const line of text.split('\n')) {
    const [, title = '', soft = '', hard = ''] = /^(Max .*?)\s{2,}(\S+)\s+(\S+)/.exec(line) ?? [];
    const name = LIMIT_NAMES[title];
    if (name !== undefined) limits.set(name, { soft: parseLimit(soft), hard: parseLimit(hard) });
  }
  return limits;
}

function parseLimit(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}
