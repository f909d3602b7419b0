import { setTimeout as sleep } from 'node:timers/promises';
import type { Healthcheck } from '#api/container-config.ts';
import { type Context, publish } from './context.ts';
import { createExec, findExec, startExec } from './exec.ts';
import type { ContainerRecord, Health } from './record.ts';

const NANOS_PER_MS = 1e6;
const DEFAULTS = { intervalMs: 30_000, timeoutMs: 30_000, startIntervalMs: 5000, retries: 3 };
const LOG_ENTRIES = 5;
const OUTPUT_LIMIT_BYTES = 4096;
const SIGKILL = 9;

/** Runs a container's health checks until `signal` aborts. */
export function startHealthchecks(context: Context, id: string, signal: AbortSignal): void {
  const { config } = context.records.get(id);
  const command = commandOf(config.healthcheck, config.shell);
  if (config.healthcheck === undefined || command === undefined) return;
  setHealth(context, id, { status: 'starting', failingStreak: 0, log: [] });
  void loop(context, id, { check: config.healthcheck, command, signal });
}

/** The command of a check; undefined if there is none, or it is switched off. */
export function commandOf(
  check: Pick<Healthcheck, 'test'> | undefined,
  shell: readonly string[] = ['/bin/sh', '-c'],
): readonly string[] | undefined {
  const [kind, ...words] = check?.test ?? [];
  if (kind === 'CMD') return words.length === 0 ? undefined : words;
  return kind === 'CMD-SHELL' ? [...shell, ...words] : undefined;
}

async function loop(
  context: Context,
  id: string,
  { check, command, signal }: { check: Healthcheck; command: readonly string[]; signal: AbortSignal },
): Promise<void> {
  const startPeriodMs = millis(check.startPeriod, 0);
  const startedAt = Date.now();
  while (!signal.aborted) {
    const isStarting = context.records.get(id).health?.status === 'starting' && Date.now() - startedAt < startPeriodMs;
    const waitMs = isStarting
      ? millis(check.startInterval, DEFAULTS.startIntervalMs)
      : millis(check.interval, DEFAULTS.intervalMs);
    await sleep(waitMs, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted || context.records.get(id).state.status !== 'running') continue;
    const result = await probe(context, id, { command, timeoutMs: millis(check.timeout, DEFAULTS.timeoutMs), signal });
    if (signal.aborted) return;
    const inStartPeriod = Date.now() - startedAt < startPeriodMs;
    record(context, id, { result, inStartPeriod, retries: check.retries || DEFAULTS.retries });
  }
}

type Result = Health['log'][number];

async function probe(
  context: Context,
  id: string,
  { command, timeoutMs, signal }: { command: readonly string[]; timeoutMs: number; signal: AbortSignal },
): Promise<Result> {
  const start = Date.now();
  const pieces: Uint8Array[] = [];
  try {
    const execId = await createExec(context, id, {
      command,
      env: [],
      user: '',
      workingDir: '',
      privileged: false,
      tty: false,
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      detachKeys: '',
      consoleSize: undefined,
    });
    const exec = findExec(context, execId);
    let bytes = 0;
    exec.streams.listen({
      chunk: (chunk) => {
        if (bytes < OUTPUT_LIMIT_BYTES) pieces.push(chunk);
        bytes += chunk.length;
      },
      end: () => {},
    });
    const { exited } = await startExec(context, execId);
    const late = sleep(timeoutMs, undefined, { signal, ref: false }).catch(() => undefined);
    const exitCode = await Promise.race([exited, late]);
    if (exitCode === undefined) {
      if (exec.pid > 0) process.kill(exec.pid, SIGKILL);
      const output = `Health check exceeded timeout (${timeoutMs / 1000}s)`;
      return { start, end: Date.now(), exitCode: -1, output };
    }
    const output = Buffer.concat(pieces).toString('utf8').slice(0, OUTPUT_LIMIT_BYTES);
    return { start, end: Date.now(), exitCode, output };
  } catch (error) {
    return { start, end: Date.now(), exitCode: -1, output: (error as Error).message };
  }
}

function record(
  context: Context,
  id: string,
  { result, inStartPeriod, retries }: { result: Result; inStartPeriod: boolean; retries: number },
): void {
  const former = context.records.get(id).health ?? { status: 'starting', failingStreak: 0, log: [] };
  const log = [...former.log, result].slice(-LOG_ENTRIES);
  if (result.exitCode === 0) {
    setHealth(context, id, { status: 'healthy', failingStreak: 0, log });
    return;
  }
  const forgiven = inStartPeriod && former.status === 'starting';
  const failingStreak = forgiven ? former.failingStreak : former.failingStreak + 1;
  setHealth(context, id, { status: failingStreak >= retries ? 'unhealthy' : former.status, failingStreak, log });
}

function setHealth(context: Context, id: string, health: Health): void {
  const former = context.records.get(id).health?.status;
  // Known to this process only: a restarted engine checks anew.
  const now: ContainerRecord = context.records.update(id, { health }, { keep: false });
  if (former !== health.status && health.status !== 'starting')
    publish(context, now, { action: `health_status: ${health.status}` });
}

function millis(nanos: number, otherwise: number): number {
  return nanos > 0 ? nanos / NANOS_PER_MS : otherwise;
}
