import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { importBusybox } from './base-image.ts';
import { type CommandResult, startEngine, type TestEngine } from './engine.ts';

/** Content of files by path. */
type Files = Readonly<Record<string, string>>;

/** What tests read of `docker inspect IMAGE`. */
interface InspectedImage {
  Id: string;
  Config: Record<string, unknown>;
  Author: string;
  RootFS: { Layers: string[] };
}

/** An engine with a busybox image, and the docker client building on it. */
export interface BuildRig extends AsyncDisposable {
  readonly engine: TestEngine;
  /** A folder with these files; gone with the rig. */
  contextOf(files: Files): Promise<string>;
  build(files: Files | string, ...flags: string[]): Promise<CommandResult>;
  /** Builds, and runs the image; what its command prints. */
  buildAndRun(files: Files | string, ...flags: string[]): Promise<string>;
  inspect(name: string): Promise<InspectedImage>;
}

export async function openBuildRig(): Promise<BuildRig> {
  const engine = await startEngine();
  await importBusybox(engine);
  const folders: string[] = [];

  const contextOf = async (files: Files): Promise<string> => {
    const folder = await mkdtemp('/tmp/b-context-');
    folders.push(folder);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    return folder;
  };
  const build: BuildRig['build'] = async (files, ...flags) =>
    engine.docker('build', ...flags, typeof files === 'string' ? files : await contextOf(files));
  return {
    engine,
    contextOf,
    build,
    async buildAndRun(files, ...flags) {
      const built = await build(files, '-q', ...flags);
      expect(built).toMatchObject({ code: 0 });
      const ran = await engine.docker('run', '--rm', built.stdout.trim());
      expect(ran).toMatchObject({ code: 0 });
      return ran.stdout;
    },
    async inspect(name) {
      const { stdout } = await engine.docker('inspect', name);
      return (JSON.parse(stdout) as [InspectedImage])[0];
    },
    async [Symbol.asyncDispose]() {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
      await engine[Symbol.asyncDispose]();
    },
  };
}
