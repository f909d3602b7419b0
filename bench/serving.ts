import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { freePort } from '#project/free-port.ts';
import { servingFolder } from '#project/serving-folder.ts';
import { APP_OF_PEER, HANDLER, MODEL_CODE, MODELS, WRITE_MODELS } from './support/serving-models.ts';
import { median } from './support/measure.ts';

/** Requests per second of one way to serve a model, 16 clients that ask one row each. */
interface Rate {
  model: string;
  way: Way;
  perSecond: number[];
  /** Slowest mean answer of a run, in milliseconds. */
  meanMs: number[];
  failed: number;
}

/** FastAPI; the runtime with a function that does the same; the runtime with the bare model, which it asks in batches. */
type Way = 'fastapi' | 'handler' | 'batched';

const WAYS: Readonly<Record<Way, string>> = {
  fastapi: 'FastAPI + uvicorn',
  handler: 'Berth, a function',
  batched: 'Berth, the bare model in batches',
};
const CLIENTS = 16;
const ROUNDS = 3;
const SECONDS = { warmUp: 1, measured: 4 };
const PACKAGES = ['fastapi', 'numpy', 'scikit-learn', 'onnxruntime', 'onnx'] as const;

/** Measures in turns, prints a table and keeps the figures. @returns the exit code */
export async function benchServing(): Promise<number> {
  const python = await openPython();
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bench-serving-'));
  await run([python, '-c', WRITE_MODELS], { cwd: folder.path });
  const texts = { 'model.py': MODEL_CODE, 'peer.py': APP_OF_PEER, 'handler.py': HANDLER };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder.path, name), text);
  const ways = Object.keys(WAYS) as Way[];
  const turns = MODELS.flatMap((model) => ways.map((way) => ({ model, way })));
  const rates = turns.map(({ model, way }): Rate => ({ model: model.name, way, perSecond: [], meanMs: [], failed: 0 }));
  const load = [loadavg()[0] ?? 0];
  for (let turn = 0; turn < ROUNDS * turns.length; turn++) {
    const [setting, rate] = [turns[turn % turns.length], rates[turn % turns.length]];
    if (setting === undefined || rate === undefined) continue;
    const sample = await measure({ python, folder: folder.path, ...setting });
    rate.perSecond.push(sample.perSecond);
    rate.meanMs.push(sample.meanMs);
    rate.failed += sample.failed;
  }
  load.push(loadavg()[0] ?? 0);
  await record(rates, { python, load });
  console.log(table(rates));
  return rates.every(({ failed }) => failed === 0) ? 0 : 1;
}

/** An environment with both sides' packages, made once. */
async function openPython(): Promise<string> {
  const folder = join(process.env['BERTH_BENCH_CACHE'] ?? join(tmpdir(), 'berth-bench'), 'serving');
  const python = join(folder, 'bin', 'python');
  if (existsSync(join(folder, 'ready'))) return python;
  await mkdir(folder, { recursive: true });
  await run(['python3', '-m', 'venv', folder]);
  const requirements = join(servingFolder(), 'requirements.txt');
  await run([python, '-m', 'pip', 'install', '-q', '-r', requirements, ...PACKAGES]);
  await writeFile(join(folder, 'ready'), '');
  return python;
}

type Model = (typeof MODELS)[number];

interface Setting {
  python: string;
  folder: string;
  model: Model;
  way: Way;
}

async function measure({
  python,
  folder,
  model,
  way,
}: Setting): Promise<{ perSecond: number; meanMs: number; failed: number }> {
  const port = await freePort(23_000);
  const place = ['--host', '127.0.0.1', '--port', String(port)];
  const subject = way === 'handler' ? ['--handler', 'handler:predict'] : ['--model', model.file];
  const ours = ['-m', 'berth_serving', ...subject, ...place];
  const theirs = ['-m', 'uvicorn', 'peer:app', '--log-level', 'warning', '--no-access-log', ...place];
  const env = {
    ...(process.env as Record<string, string>),
    PYTHONPATH: servingFolder(),
    PYTHONDONTWRITEBYTECODE: '1',
    MODEL: model.file,
  };
  const server = spawn(python, way === 'fastapi' ? theirs : ours, {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await untilReady(server, port);
    await writeFile(join(folder, 'body.json'), JSON.stringify({ features: model.row }));
    return await loadServer(port, join(folder, 'body.json'));
  } finally {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
  }
}

async function untilReady(server: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (server.exitCode !== null) break;
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer?.status === 200 || answer?.status === 404) return;
    await sleep(100);
  }
  throw new UnavailableError('a server of the benchmark does not answer', {
    why: 'its last words are above',
    hint: 'run it by hand',
  });
}

async function loadServer(port: number, body: string): Promise<{ perSecond: number; meanMs: number; failed: number }> {
  const { stdout } = await run([
    'h2load', '--h1', '-c', String(CLIENTS), '-t', '1', '-D', String(SECONDS.measured), `--warm-up-time=${SECONDS.warmUp}`, '-d', body,
    '-H', 'content-type: application/json', `http://127.0.0.1:${port}/predictions`,
  ]); // prettier-ignore
  const [, perSecond] = /finished in [^,]+, ([\d.]+) req\/s/.exec(stdout) ?? [];
  const [, good, bad, worse, worst] = /status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(stdout) ?? [];
  if (perSecond === undefined || good === undefined)
    throw new UnavailableError('h2load said nothing of requests', {
      why: stdout.slice(-300),
      hint: 'see whether it runs by hand',
    });
  return {
    perSecond: Number(perSecond),
    meanMs: (CLIENTS / Number(perSecond)) * 1000,
    failed: [bad, worse, worst].reduce((sum, count) => sum + Number(count), 0),
  };
}

async function record(
  rates: readonly Rate[],
  { python, load }: { python: string; load: readonly number[] },
): Promise<void> {
  const list = await run([python, '-m', 'pip', 'list', '--format=json']);
  const versions = Object.fromEntries(
    (JSON.parse(list.stdout) as { name: string; version: string }[]).map(({ name, version }) => [name, version]),
  );
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', kernel: release() };
  const settings =
    `one process each, in a virtual environment, same Python, uvloop and httptools on both sides; ${CLIENTS} clients of h2load (HTTP/1.1, kept alive), ` +
    `one row per request, ${SECONDS.measured} s after ${SECONDS.warmUp} s of warm-up, in turns`;
  await mkdir('bench/results', { recursive: true });
  const written = { date: new Date().toISOString(), machine, versions, settings, load, models: MODELS, rates };
  await writeFile('bench/results/serving.json', `${JSON.stringify(written, null, 2)}\n`);
}

function table(rates: readonly Rate[]): string {
  const rows = MODELS.map(({ name, title }) => {
    const rateOf = (way: Way): number =>
      median(rates.find((rate) => rate.model === name && rate.way === way)?.perSecond ?? []);
    const [peer, handler, batched] = [rateOf('fastapi'), rateOf('handler'), rateOf('batched')];
    return [
      title,
      peer.toFixed(0),
      handler.toFixed(0),
      (handler / peer).toFixed(2),
      batched.toFixed(0),
      (batched / peer).toFixed(2),
    ];
  });
  const head = ['requests per second', WAYS.fastapi, WAYS.handler, 'ratio', WAYS.batched, 'ratio'];
  const widths = head.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
