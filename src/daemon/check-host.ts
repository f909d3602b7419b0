import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { PermissionDeniedError, UnavailableError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { readOsRelease } from '#linux/os-release.ts';

interface Program {
  name: string;
  /** What the engine needs it for. */
  use: string;
  /** Package by distribution; `debian` where the name is the same. */
  packages: Readonly<Record<string, string>>;
}

const PROGRAMS: readonly Program[] = [
  { name: 'runc', use: 'creates containers', packages: { debian: 'runc' } },
  { name: 'conmon', use: 'holds the output of containers', packages: { debian: 'conmon' } },
  { name: 'nft', use: 'publishes ports', packages: { debian: 'nftables' } },
  { name: 'ip', use: 'connects containers', packages: { debian: 'iproute2', fedora: 'iproute' } },
];

const INSTALL: Readonly<Record<string, string>> = {
  debian: 'apt-get install -y',
  fedora: 'dnf install -y',
  arch: 'pacman -S --noconfirm',
};

/**
 * Looks at the start whether this host has what the engine needs.
 * @throws {PermissionDeniedError} without root; {UnavailableError} naming each thing that is missing and its package
 */
export async function checkHost(): Promise<void> {
  requireRoot();
  const missing = await missingPrograms();
  if (missing.length > 0) throw await missingError(missing);
  if (!(await hasOverlay()))
    throw new UnavailableError('the kernel has no overlay file system', {
      why: '/proc/filesystems does not list overlay, and modprobe overlay did not bring it',
      hint: 'load the module overlay, or use a kernel with CONFIG_OVERLAY_FS',
    });
}

/** @throws {PermissionDeniedError} */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new PermissionDeniedError('the engine needs root', {
    why: `it was started by ${userName()}; mounts, networks and control groups are root's`,
    hint: 'start it with sudo: sudo berth engine run',
  });
}

async function missingPrograms(): Promise<Program[]> {
  const found = await Promise.all(PROGRAMS.map(async ({ name }) => isInPath(name)));
  return PROGRAMS.filter((_, index) => found[index] !== true);
}

async function missingError(missing: readonly Program[]): Promise<UnavailableError> {
  const { id, idLike } = await readOsRelease();
  const family = [id, ...idLike].find((name) => name in INSTALL) ?? 'debian';
  const packages = missing.map((program) => program.packages[family] ?? program.packages['debian'] ?? program.name);
  const names = missing.map(({ name }) => name).join(', ');
  return new UnavailableError(`${names} ${missing.length === 1 ? 'is' : 'are'} not installed`, {
    why: missing.map(({ name, use }) => `${name} ${use}`).join('; '),
    hint: `${INSTALL[family]} ${packages.join(' ')}`,
  });
}

async function isInPath(program: string): Promise<boolean> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

async function hasOverlay(): Promise<boolean> {
  if (await listsOverlay()) return true;
  await run(['modprobe', 'overlay'], { allowFailure: true }).catch(() => {});
  return listsOverlay();
}

async function listsOverlay(): Promise<boolean> {
  return /\boverlay$/m.test(await readFile('/proc/filesystems', 'utf8').catch(() => ''));
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
