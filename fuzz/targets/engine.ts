import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { defectOf, send } from '../../soak/fuzz-support.ts';
import { pick } from '../../soak/support.ts';
import { busyboxTar } from '../../test/support/base-image.ts';
import { startEngine, type TestEngine } from '../../test/support/engine.ts';
import { layerTar, saveTar } from '../archives.ts';
import { mutateTar } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';

/** Where archives go, and how their bytes reach it. */
const DOORS = ['import', 'load', 'build', 'put'] as const;

/**
 * A whole engine: archives with hostile names and links, and with bytes changed at random, everywhere it takes archives. Whatever it answers,
 * it must live, name the fault as one of the archive, and write nothing outside of its own folders.
 */
export const engineTarget: FuzzTarget = {
  name: 'engine',
  rounds: 3000,
  async open() {
    await using stack = new AsyncDisposableStack();
    const outside = stack.use(await mkdtempDisposable('/tmp/fuzz-outside-'));
    const engine = stack.use(await startEngine());
    const imported = await engine.docker('import', await busyboxTar(), 'busybox:latest');
    if (imported.code !== 0) throw new Error(imported.stderr);
    const container = (await engine.docker('create', '--name', 'target', 'busybox', 'true')).stdout.trim();
    const paths = {
      import: '/images/create?fromSrc=-&repo=fuzz',
      load: '/images/load',
      build: '/build?q=1&rm=1',
      put: `/containers/${container}/archive?path=/root`,
    };
    const before = (await readdir(engine.dataRoot)).toSorted().join();
    const { pid } = engine;
    const held = stack.move();
    return {
      make(random) {
        // The first byte says the door.
        const door = Math.floor(random() * DOORS.length);
        const whole = DOORS[door] === 'load' ? saveTar(random, outside.path) : layerTar(random, outside.path);
        return Buffer.concat([Buffer.from([door]), random() < 0.5 ? mutateTar(random, whole) : whole]);
      },
      async check(input, random) {
        const door = DOORS[input[0] ?? 0] ?? pick(random, DOORS);
        const method = door === 'put' ? 'PUT' : 'POST';
        const answer = await send(engine.socket, { method, path: paths[door], type: 'application/x-tar', body: input.subarray(1) }); // prettier-ignore
        const isTaken = answer.status < 400 && !answer.text.includes('"error"');
        const isOutside = (await readdir(outside.path)).length > 0;
        return {
          isTaken,
          defect: isOutside ? `${door}: something was written outside of the engine` : defectOf(answer),
        };
      },
      finish: async () => [...(await useImages(engine)), ...(await leftBehind(engine, { before, pid }))],
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  },
};

async function leftBehind(engine: TestEngine, { before, pid }: { before: string; pid: number }): Promise<string[]> {
  const problems: string[] = [];
  if ((await readdir(engine.dataRoot)).toSorted().join() !== before) problems.push('the data root has new entries');
  for (const folder of ['content/ingest', 'layers/.new', 'snapshots/.new']) {
    const left = await readdir(join(engine.dataRoot, folder)).catch(() => []);
    if (left.length > 0) problems.push(`half-written in ${folder}: ${left.join(', ')}`);
  }
  const runs = await engine.docker('run', '--rm', 'busybox', 'true');
  if (runs.code !== 0 || engine.pid !== pid) problems.push(`the engine does not work any more: ${runs.stderr}`);
  for (const line of engine.log().split('\n')) if (line.includes('level=error')) problems.push(line);
  return problems;
}

/** What was accepted can be looked at, and containers of it can be made or are refused properly. */
async function useImages(engine: TestEngine): Promise<string[]> {
  const problems: string[] = [];
  const ask = async (method: string, path: string, body = ''): Promise<string> => {
    const answer = await send(engine.socket, { method, path, type: 'application/json', body });
    const defect = defectOf(answer);
    if (defect !== undefined && (answer.status >= 400 || answer.status === 0)) problems.push(`${method} ${path}: ${defect}`); // prettier-ignore
    return answer.text;
  };
  const images = JSON.parse(await ask('GET', '/images/json')) as { Id: string }[];
  for (const { Id } of images.slice(0, IMAGES_USED)) {
    await ask('GET', `/images/${Id}/json`);
    await ask('GET', `/images/${Id}/history`);
    const container = JSON.parse(await ask('POST', '/containers/create', JSON.stringify({ Image: Id, Cmd: ['x'] }))) as { Id?: string }; // prettier-ignore
    if (container.Id !== undefined) await ask('POST', `/containers/${container.Id}/start`);
    await ask('GET', `/images/get?names=${Id}`);
  }
  return problems;
}

const IMAGES_USED = 100;
