import { mkdtempDisposable } from 'node:fs/promises';
import { join } from 'node:path';
import { ASKED, type AskedProject, serveAndAsk } from '../test/support/served-project.ts';
import { type TestEngine, startEngine } from '../test/support/engine.ts';
import { addProblems, type FaultOptions, type FaultReport } from './support.ts';

/** How far the forecast of a size may be from the image that was built. */
const FORECAST_WITHIN = 0.15;

/**
 * Projects of every kind are built, served and asked, one after the other; each image is compared with the forecast of its size and taken away again.
 * A round is a project.
 */
export async function serveProjects(options: FaultOptions): Promise<FaultReport> {
  const chosen = ASKED.slice(0, options.rounds);
  const report: FaultReport = { rounds: chosen.length, problems: [], counts: { answered: 0, forecasts: 0 } };
  await using folder = await mkdtempDisposable('/var/tmp/berth-projects-');
  await using engine = await startEngine();
  for (const [index, project] of chosen.entries()) {
    options.onRound?.(index);
    const start = performance.now();
    const { problem, image } = await serveAndAsk(engine, project, folder.path);
    report.counts[`${project.name} seconds`] = Math.round((performance.now() - start) / 1000);
    if (problem === undefined) count(report, 'answered');
    else addProblems(report, [problem], options);
    if (image !== '') addProblems(report, await compareSize(engine, report, { project, image, folder: folder.path }), options);
    await clear(engine);
  }
  return report;
} // prettier-ignore

function count(report: FaultReport, name: string): void {
  report.counts[name] = (report.counts[name] ?? 0) + 1;
}

interface Built {
  project: AskedProject;
  image: string;
  folder: string;
}

/** The image, without the base it stands on, against what the plan says of it. */
async function compareSize(engine: TestEngine, report: FaultReport, built: Built): Promise<string[]> {
  const { name } = built.project;
  const { code, stdout, stderr } = await engine.berth('plan', '--json', join(built.folder, name));
  if (code !== 0) return [`${name} cannot be planned: ${stderr}`];
  const { size } = JSON.parse(stdout) as { size: { unpackedBytes: number } | null };
  if (size === null) return [`${name}: the plan has no forecast of the size`];
  const bytes = Number((await engine.docker('inspect', '--format', '{{.Size}}', built.image)).stdout);
  const ratio = size.unpackedBytes / bytes;
  report.counts[`${name} forecast percent`] = Math.round(ratio * 100);
  count(report, 'forecasts');
  if (Math.abs(ratio - 1) <= FORECAST_WITHIN) return [];
  return [`${name}: the image has ${mega(bytes)}, forecast were ${mega(size.unpackedBytes)}`];
}

function mega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** Containers and images go, bases stay, so that the disk holds one project at a time. */
async function clear(engine: TestEngine): Promise<void> {
  const { stdout } = await engine.docker('ps', '-aq');
  const containers = stdout.split('\n').filter((id) => id !== '');
  if (containers.length > 0) await engine.docker('rm', '-f', ...containers);
  const images = (await engine.docker('images', '-q', '--filter', 'label=berth.project')).stdout.split('\n').filter((id) => id !== ''); // prettier-ignore
  if (images.length > 0) await engine.docker('rmi', '-f', ...new Set(images));
  await engine.docker('builder', 'prune', '-af');
}
