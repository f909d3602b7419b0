import { run } from '#lib/run.ts';
import { IMAGE, endOf } from './ends.ts';
import { findPeerProgram } from './image-engines.ts';

/** A builder that is measured beside the two that are compared. */
export interface OtherBuilder {
  /** As tables call it. */
  name: string;
  /** @returns milliseconds */
  build(tag: string, context: string, more?: readonly string[]): Promise<number>;
  /** Runs a command in what was built. @returns milliseconds, and what it printed */
  run(tag: string, ...command: string[]): Promise<{ taken: number; stdout: string }>;
  remove(tag: string): Promise<void>;
}

/** Docker 20.10 with its classic builder, and buildah, each with the image that builds begin with. */
export async function openOtherBuilders(archive: string): Promise<{ builders: OtherBuilder[] } & AsyncDisposable> {
  const program = await findPeerProgram();
  await using started = new AsyncDisposableStack();
  if (program === undefined) return { builders: [], [Symbol.asyncDispose]: async () => {} };
  const wasUp = (await run([program, 'env', 'docker20'], { allowFailure: true })).code === 0;
  await run([program, 'up', 'docker20']);
  if (!wasUp) started.defer(async () => void (await run([program, 'down', 'docker20'], { allowFailure: true })));
  const builders = [await classicBuilder(program, archive), await buildahBuilder(program)];
  const held = started.move();
  return { builders, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function classicBuilder(program: string, archive: string): Promise<OtherBuilder> {
  const host = (await run([program, 'env', 'docker20'])).stdout.trim().replace(/^(export )?DOCKER_HOST=/, '');
  const end = endOf(host);
  const { stdout } = await end.docker('load', '-i', archive);
  await end.docker('tag', /Loaded image: (\S+)/.exec(stdout)?.[1] ?? '', IMAGE);
  return {
    name: 'Docker 20.10, classic',
    build: async (tag, context, more = []) =>
      (await timed(() => end.docker('build', ...more, '-t', tag, context))).taken,
    run: (tag, ...command) => timed(() => end.docker('run', '--rm', '--network', 'none', tag, ...command)),
    remove: async (tag) => void (await end.docker('rmi', tag)),
  };
}

/** What it takes to enter the place where it is installed is left out: its clock runs there. */
async function buildahBuilder(program: string): Promise<OtherBuilder> {
  const inside = (words: readonly string[]): Promise<{ taken: number; stdout: string }> => timedInside(program, words);
  const { stdout } = await run([program, 'image', 'docker', '--buildah']);
  const loaded = stdout.trim().split('\n').at(-1) ?? '';
  await inside(['buildah', 'tag', loaded, `docker.io/library/${IMAGE}`]);
  return {
    name: 'buildah',
    build: async (tag, context, more = []) =>
      (await inside(['buildah', 'bud', '--layers', '--pull=never', ...more, '-t', tag, context])).taken,
    run: (tag, ...command) => inside(['podman', 'run', '--rm', '--network', 'none', `localhost/${tag}`, ...command]),
    remove: async (tag) => void (await inside(['buildah', 'rmi', `localhost/${tag}`])),
  };
}

async function timed(work: () => Promise<{ stdout: string }>): Promise<{ taken: number; stdout: string }> {
  const start = performance.now();
  const { stdout } = await work();
  return { taken: performance.now() - start, stdout };
}

const CLOCKED = 'began=$(date +%s%N); "$@" 2>/dev/null || exit 1; echo "taken $(($(date +%s%N) - began))"';

async function timedInside(program: string, words: readonly string[]): Promise<{ taken: number; stdout: string }> {
  const { stdout } = await run([program, 'exec', 'docker', 'sh', '-c', CLOCKED, 'sh', ...words]);
  const [, nanoseconds = '0'] = /taken (\d+)\s*$/.exec(stdout) ?? [];
  return { taken: Number(nanoseconds) / 1e6, stdout: stdout.replace(/taken \d+\s*$/, '') };
}
