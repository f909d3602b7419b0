import { access, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandResult, TestEngine } from './engine.ts';

/** Where distributions and Docker's own packages put the client's plugins. */
const FOLDERS = ['/usr/libexec/docker', '/usr/lib/docker', '/usr/local/libexec/docker', '/usr/local/lib/docker'];

/** Path of the docker client's plugin buildx: what BERTH_BUILDX names, or one that is installed; undefined where there is none. */
export async function findBuildx(): Promise<string | undefined> {
  const named = process.env['BERTH_BUILDX'];
  const places = named === undefined ? FOLDERS.map((folder) => `${folder}/cli-plugins/docker-buildx`) : [named];
  for (const path of places)
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  return undefined;
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
