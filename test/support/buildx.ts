import { access, copyFile, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '#lib/run.ts';
import { type BuildRig, openBuildRig } from './build-rig.ts';
import type { CommandResult, TestEngine } from './engine.ts';

/** Where distributions and Docker's own packages put the client's plugins. */
const FOLDERS = ['/usr/libexec/docker', '/usr/lib/docker', '/usr/local/libexec/docker', '/usr/local/lib/docker'];

/**
 * Path of the docker client's plugin buildx: what BERTH_BUILDX names, one that is installed, or the one of Debian's newest packages, fetched
 * once. Undefined where there is none.
 */
export async function findBuildx(): Promise<string | undefined> {
  const named = process.env['BERTH_BUILDX'];
  const places = named === undefined ? FOLDERS.map((folder) => `${folder}/cli-plugins/docker-buildx`) : [named];
  for (const path of places) if (await isThere(path)) return path;
  return named === undefined ? fetchBuildx() : undefined;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Releases older than the newest have a buildx that is too old; a mirror's copy of the newest may be past its date. */
async function fetchBuildx(): Promise<string | undefined> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const kept = join(cache, 'berth', 'docker-buildx');
  if (await isThere(kept)) return kept;
  const folder = await mkdtemp(join(tmpdir(), 'b-buildx-'));
  try {
    const root = join(folder, 'root');
    const options = [
      '--quiet',
      '--aptopt=Acquire::Check-Valid-Until "false"',
      '--variant=extract',
      '--include=docker-buildx',
    ];
    await run(['mmdebstrap', ...options, 'sid', root]);
    await mkdir(join(cache, 'berth'), { recursive: true });
    const unfinished = `${kept}.${process.pid}`;
    await copyFile(join(root, 'usr/libexec/docker/cli-plugins/docker-buildx'), unfinished);
    await rename(unfinished, kept);
    return kept;
  } catch {
    return undefined; // not root, no mmdebstrap, or no way to its packages: whoever asked says that it needs buildx
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The docker client that builds by buildx, with a configuration of its own. */
export interface Buildx extends AsyncDisposable {
  /** What leads the client to its plugin. */
  readonly env: Readonly<Record<string, string>>;
  /** `docker build …`, `docker buildx …`: any words behind `docker`. */
  run(
    words: readonly string[],
    options?: { env?: Record<string, string>; input?: string; cwd?: string; signal?: AbortSignal },
  ): Promise<CommandResult>;
}

/** @param path of the plugin, as `findBuildx` found it */
export async function openBuildx(engine: TestEngine, path: string): Promise<Buildx> {
  const config = await mkdtemp('/tmp/b-buildx-');
  await mkdir(join(config, 'cli-plugins'));
  await symlink(path, join(config, 'cli-plugins', 'docker-buildx'));
  const own = { DOCKER_CONFIG: config, DOCKER_BUILDKIT: '1' };
  return {
    env: own,
    run: (words, { env, ...options } = {}) =>
      engine.command(['docker', ...words], { ...options, env: { ...own, ...env } }),
    [Symbol.asyncDispose]: () => rm(config, { recursive: true, force: true }),
  };
}

/** A build rig whose client builds by buildx. */
export interface BuildxRig extends AsyncDisposable {
  readonly rig: BuildRig;
  readonly buildx: Buildx;
  /** As `docker build` has it by default, of a folder or of these files; progress goes to standard error. */
  build(this: void, files: Readonly<Record<string, string>> | string, ...flags: string[]): Promise<CommandResult>;
}

/** @param path of the plugin, as `findBuildx` found it */
export async function openBuildxRig(path: string): Promise<BuildxRig> {
  await using resources = new AsyncDisposableStack();
  const rig = resources.use(await openBuildRig());
  const buildx = resources.use(await openBuildx(rig.engine, path));
  const held = resources.move();
  return {
    rig,
    buildx,
    async build(files, ...flags) {
      const folder = typeof files === 'string' ? files : await rig.contextOf(files);
      return buildx.run(['build', '--progress=plain', ...flags, folder]);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
