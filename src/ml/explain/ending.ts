import type { Explanation } from './explain.ts';

/** What is known of a program that ended, beside its log. */
export interface Ending {
  exitCode?: number | undefined;
  oomKilled?: boolean | undefined;
  /** Bytes that the container may use at most; 0 or undefined without a limit. */
  memoryLimit?: number | undefined;
  /** File that lists the project's packages, for advice. */
  manifest?: string | undefined;
  /** Folders of the machine that are mounted. */
  mounts?: readonly EndingMount[] | undefined;
  /** Account of the program, as `1000` or `1000:1000`. */
  user?: string | undefined;
}

export interface EndingMount {
  /** On the machine. */
  source: string;
  /** In the container. */
  target: string;
  /** Account that the folder belongs to; undefined where it cannot be seen. */
  owner?: { uid: number; gid: number } | undefined;
  readOnly?: boolean | undefined;
}

/** What the exit code says where the log says nothing; undefined for a code that says nothing either. */
export function explainEnding({ exitCode, oomKilled, memoryLimit }: Ending): Explanation | undefined {
  if (oomKilled === true || exitCode === 137) {
    const limit = memoryLimit === undefined || memoryLimit === 0 ? undefined : megabytes(memoryLimit);
    const more = limit === undefined ? 'it took more memory than there is' : `it took more than the ${limit} that the container may use`; // prettier-ignore
    return {
      code: 'out-of-memory',
      cause: `it was killed${oomKilled === true ? '' : ', most likely'} because ${more}`,
      fix: limit === undefined ? 'give it more memory, or load less at once' : `give it more (--memory, now ${limit}), or load less at once`, // prettier-ignore
      evidence: `exit code ${exitCode ?? 137}${oomKilled === true ? ', killed for memory' : ''}`,
    };
  }
  const known = exitCode === undefined ? undefined : CODES[exitCode];
  return known === undefined ? undefined : { ...known, evidence: `exit code ${exitCode}` };
}

/** Exit codes of shells and signals (128 and the signal's number). */
const CODES: Readonly<Record<number, Omit<Explanation, 'evidence'>>> = {
  126: { code: 'not-executable', cause: 'the program of the start command may not be executed', fix: 'chmod +x it, or start it with its interpreter' },
  127: { code: 'program-not-found', cause: 'the program of the start command is not in the image', fix: 'check its name, and that the package which brings it is installed' },
  132: { code: 'illegal-instruction', cause: 'the program uses instructions that this processor does not have', fix: 'take a build without AVX, or a newer machine' },
  134: { code: 'aborted', cause: 'a compiled part of the program gave up (abort), often for lack of memory or a library of the wrong version', fix: 'look at the lines before; install packages that belong together in matching versions' },
  135: { code: 'shared-memory', cause: 'the program was ended by a bus error, most likely because its shared memory is too small', fix: 'run it with a larger --shm-size (1g), or with num_workers=0' },
  136: { code: 'arithmetic', cause: 'a compiled part of the program divided by zero', fix: 'look at the lines before for what it was given' },
  139: { code: 'segmentation-fault', cause: 'a compiled part of the program crashed', fix: 'install packages from one index in versions that belong together; PYTHONFAULTHANDLER=1 shows where it was' },
  143: { code: 'stopped', cause: 'it was asked to end (SIGTERM) and did', fix: 'nothing, if you stopped it; else look who did: berth events' },
}; // prettier-ignore

/** Where a folder of the machine is what may not be touched, its owner is the reason. */
export function ofMount(found: Explanation, what: string, { mounts = [], user }: Ending): Explanation {
  if (!['permission', 'read-only', 'cache-not-writable'].includes(found.code)) return found;
  const mount = mounts
    .filter(({ target }) => what === target || what.startsWith(`${target.replace(/\/$/, '')}/`))
    .toSorted((a, b) => b.target.length - a.target.length)[0];
  if (mount === undefined) return found;
  const { source, target, owner, readOnly } = mount;
  if (readOnly === true)
    return {
      ...found,
      code: 'mount-read-only',
      cause: `${target} is ${source} of this machine, mounted so that it is only read`,
      fix: `mount it without :ro: -v ${source}:${target}`,
    };
  const account = owner === undefined ? 'another account' : `account ${owner.uid}`;
  return {
    ...found,
    code: 'mount-owner',
    cause: `${target} is ${source} of this machine, which belongs to ${account}; the program runs as ${user === undefined || user === '' ? 'root of the image or the account in its Dockerfile' : `account ${user}`}`,
    fix: owner === undefined ? 'run it as the owner of the folder: --user $(id -u):$(id -g)' : `run it as the owner of the folder: --user ${owner.uid}:${owner.gid}`,
  }; // prettier-ignore
}

function megabytes(bytes: number): string {
  return bytes >= 1024 ** 3 ? `${Number((bytes / 1024 ** 3).toFixed(1))} GiB` : `${Math.round(bytes / 1024 ** 2)} MiB`;
}
