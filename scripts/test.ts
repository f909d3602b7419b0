import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The part of vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; name: string; message: string; assertionResults: unknown[] }[];
}

/**
 * Runs every test, unit and system, after installing the programs they use; the last line is `N passed, N failed[, N skipped]`.
 * A test file that cannot even be loaded counts as one failure.
 */
async function main(names: readonly string[]): Promise<number> {
  await finish(spawn('sh', ['scripts/install-packages.sh', 'engine', 'test'], { stdio: 'inherit' }));
  await finish(spawn('npm', ['run', '--silent', 'build'], { stdio: 'inherit' }));
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-test-'));
  const path = join(folder.path, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`];
  const code = await finish(
    spawn('vitest', ['run', ...reporters, ...names], { stdio: ['ignore', 'inherit', 'inherit'] }),
  );
  const report = JSON.parse(await readFile(path, 'utf8').catch(() => '{}')) as Partial<Report>;
  const broken = (report.testResults ?? []).filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  for (const { name, message } of broken) console.log(`could not be run: ${name}\n${message}`);
  const passed = report.numPassedTests ?? 0;
  const failed = (report.numFailedTests ?? 0) + broken.length + (code !== 0 && passed === 0 ? 1 : 0);
  const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return code === 0 && failed === 0 ? 0 : 1;
}

async function finish(child: ReturnType<typeof spawn>): Promise<number> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

process.exitCode = await main(process.argv.slice(2));
