import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { busyboxTar } from '../test/support/base-image.ts';
import { startEngine, type TestEngine } from '../test/support/engine.ts';
import { defectOf, send } from './fuzz-support.ts';
import { type FaultOptions, type FaultReport, pick, seeded } from './support.ts';
import { layerTar, mutate, saveTar } from './tar-archives.ts';

/** Where archives go, and how their bytes reach it. */
const DOORS = ['import', 'load', 'build', 'put'] as const;

/**
 * Sends archives with hostile names and links, and with bytes changed at random, everywhere the engine takes archives. Whatever it
 * answers, it must live, name the fault as one of the archive, and write nothing outside of its own folders.
 */
export async function fuzzTar({ seed, rounds, onRound }: FaultOptions): Promise<FaultReport> {
  const random = seeded(seed);
  const report: FaultReport = { rounds, problems: [], counts: { accepted: 0, refused: 0 } };
  await using outside = await mkdtempDisposable('/tmp/soak-outside-');
  await using engine = await startEngine();
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
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    const door = pick(random, DOORS);
    const whole = door === 'load' ? saveTar(random, outside.path) : layerTar(random, outside.path);
    const bytes = random() < 0.5 ? mutate(random, whole) : whole;
    const problem = (what: string): void =>
      void report.problems.push(`round ${round} (${door}, ${bytes.length} bytes): ${what}`);
    const answer = await send(engine.socket, {
      method: door === 'put' ? 'PUT' : 'POST',
      path: paths[door],
      type: 'application/x-tar',
      body: bytes,
    });
    const failed = answer.status >= 400 || answer.text.includes('"error"');
    report.counts[failed ? 'refused' : 'accepted']! += 1;
    report.counts[door] = (report.counts[door] ?? 0) + 1;
    const defect = defectOf(answer);
    if (defect !== undefined) problem(defect);
    if ((await readdir(outside.path)).length > 0) problem('something was written outside of the engine');
  }
  report.problems.push(...(await useImages(engine)));
  if ((await readdir(engine.dataRoot)).toSorted().join() !== before)
    report.problems.push('the data root has new entries');
  const ingest = await readdir(join(engine.dataRoot, 'content', 'ingest'));
  if (ingest.length > 0) report.problems.push(`half-written content: ${ingest.join(', ')}`);
  const runs = await engine.docker('run', '--rm', 'busybox', 'true');
  if (runs.code !== 0 || engine.pid !== pid) report.problems.push(`the engine does not work any more: ${runs.stderr}`);
  for (const line of engine.log().split('\n')) if (line.includes('level=error')) report.problems.push(line);
  return report;
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
