import { chmod, mkdtemp } from 'node:fs/promises';
import { closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRegular } from '#lib/files/open-regular.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { normalName } from '#ml/packages/installed.ts';
import type { ToolCall } from '#ml/packages/tool-calls.ts';
import { findPip } from './python-places.ts';

/** Where pip writes what it installed, with the digests of the archives: nothing in the tree tells these. */
export interface PipReport {
  env: readonly string[];
  mounts: readonly { source: string; destination: string; options: readonly string[] }[];
  /** Digests of archives by name and version, as far as the last call of pip tells; hexadecimal. */
  digests(): ReadonlyMap<string, string>;
}

const VARIABLE = 'PIP_REPORT';
const FOLDER = '/run/berth/report';
const FILE = 'pip.json';
const LIMIT_BYTES = 256 * 1024 * 1024;
const NONE: PipReport = { env: [], mounts: [], digests: () => new Map() };

export interface ReportQuestion {
  scratch: string;
  /** The step's tree, open. */
  tree: string;
  env: ReadonlyMap<string, string>;
  text: string;
  /** Where the Dockerfile mounts something. */
  mounts: readonly string[];
}

/** Asks pip for a report, where it can make one and nobody else asks for it. */
export async function openPipReport(
  calls: readonly ToolCall[],
  { scratch, tree, env, text, mounts }: ReportQuestion,
): Promise<PipReport> {
  const installs = calls.filter(({ tool, verb }) => tool === 'pip' && verb === 'install');
  const isAsked = installs.some(({ args }) => args.some((word) => /^--report(=|$)|^--dry-run$/.test(word)));
  const isTaken = mounts.some((path) => FOLDER.startsWith(`${path.replace(/\/$/, '')}/`));
  if (installs.length === 0 || isAsked || isTaken || env.has(VARIABLE) || text.includes(VARIABLE)) return NONE;
  if (!makesReports(findPip(tree, env.get('PATH') ?? '')?.version)) return NONE;
  const folder = await mkdtemp(join(scratch, 'report-'));
  // Whoever the step runs as writes there.
  await chmod(folder, 0o777);
  return {
    env: [`${VARIABLE}=${FOLDER}/${FILE}`],
    mounts: [{ source: folder, destination: FOLDER, options: [] }],
    digests: () => readDigests(folder),
  };
}

function makesReports(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 2);
}

/** The step has written it: whatever it is, it is no more than a hint. */
function readDigests(folder: string): Map<string, string> {
  using root = openRoot(folder, { links: 'refuse' });
  const found = new Map<string, string>();
  if (root.lstat(FILE)?.isFile() !== true) return found;
  const file = openRegular(root, FILE);
  if (file === undefined) return found;
  try {
    if (file.stats.size > LIMIT_BYTES) return found;
    for (const { name, version, sha256 } of parseReport(readFileSync(file.fd, 'utf8')))
      found.set(`${normalName(name)} ${version}`, sha256);
    return found;
  } finally {
    closeSync(file.fd);
  }
}

interface Reported {
  metadata?: { name?: unknown; version?: unknown };
  download_info?: { archive_info?: { hashes?: { sha256?: unknown } } };
}

/** The digests in a report of pip; none of what is no report. */
export function parseReport(text: string): { name: string; version: string; sha256: string }[] {
  try {
    const { install } = JSON.parse(text) as { install?: unknown };
    if (!Array.isArray(install)) return [];
    return (install as Reported[]).flatMap(({ metadata, download_info: download }) => {
      const { name, version } = metadata ?? {};
      const sha256 = download?.archive_info?.hashes?.sha256;
      if (typeof name !== 'string' || typeof version !== 'string') return [];
      return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? [{ name, version, sha256 }] : [];
    });
  } catch {
    return [];
  }
}
