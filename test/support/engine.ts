import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InternalError, UnavailableError } from '#lib/errors.ts';
import { findLeftovers, removeLeftovers } from './leftovers.ts';

const STARTED_WITHIN_MS = 20_000;
const STOPPED_WITHIN_MS = 15_000;

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface TestEngine extends AsyncDisposable {
  /** Path of its socket. */
  readonly socket: string;
  readonly id: string;
  readonly pid: number;
  readonly dataRoot: string;
  readonly execRoot: string;
  /** What it has written to standard error up to now. */
  log(): string;
  /** Runs the docker client against it. */
  docker(...args: string[]): Promise<CommandResult>;
  /** Runs our client against it. */
  berth(...args: string[]): Promise<CommandResult>;
  /** Runs any program with the environment that leads clients to it. */
  command(words: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** One request to the API; the answer's body as text. */
  request(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>;
  /** Ends it by a signal and waits until it is gone; containers run on. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  /** Stops it cleanly and starts it again on the same folders. */
  restart(): Promise<void>;
}

interface CommandOptions {
  input?: string | Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
  signal?: AbortSignal;
}

export interface TestEngineOptions {
  flags?: readonly string[];
  env?: Record<string, string>;
  /** Program of the engine; what BERTH_TEST_ENGINE names if absent, else its source. */
  entry?: string;
  /** A folder that stays, instead of a temporary one for data and run-time state. */
  root?: string;
}

/** Starts an engine of its own: folders, socket, address pool. Disposing stops it, takes everything away, and fails if it left something. */
export async function startEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const root = options.root ?? (await mkdtemp('/tmp/b-'));
  const dataRoot = join(root, 'data');
  const execRoot = join(root, 'exec');
  const socket = join(root, 's.sock');
  const env = await clientEnvironment(root, socket);
  const subnet = freeSubnet();
  const pools = ['--bip', `10.${subnet}.0.1/24`, '--default-address-pool', `base=10.${subnet}.128.0/17,size=24`];
  const roots = ['--data-root', dataRoot, '--exec-root', execRoot, '--host', `unix://${socket}`];
  const configFile = join(root, 'daemon.json');
  await writeFile(configFile, '{}\n', { flag: 'wx' }).catch(unlessThere);
  const flags = [...roots, ...pools, '--config-file', configFile, ...(options.flags ?? [])];
  const state = { child: undefined as ChildProcess | undefined, log: '', id: '' };

  const command: TestEngine['command'] = (words, more = {}) =>
    runCommand(words, { ...more, env: { ...env, ...more.env } });

  const start = async (): Promise<void> => {
    const child = spawn(
      process.execPath,
      [options.entry ?? process.env['BERTH_TEST_ENGINE'] ?? 'src/daemon/main.ts', 'engine', 'run', ...flags],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, ...options.env },
      },
    );
    state.child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (state.log += text));
    await untilAnswers(socket, child, () => state.log);
    state.id = (await readFile(join(dataRoot, 'engine-id'), 'utf8')).trim();
  };

  const kill = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    const { child } = state;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await Promise.race([exit, sleep(STOPPED_WITHIN_MS, undefined, { ref: false })]);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await exit;
      throw new InternalError(`the engine did not end on ${signal}:\n${state.log}`);
    }
  };

  const engine: TestEngine = {
    socket,
    dataRoot,
    execRoot,
    get id() {
      return state.id;
    },
    get pid() {
      return state.child?.pid ?? 0;
    },
    log: () => state.log,
    docker: (...args) => command(['docker', ...args]),
    berth: (...args) => command([process.execPath, 'src/cli/main.ts', ...args]),
    command,
    request: (method, path, body) => askApi(socket, { method, path, body }),
    kill,
    start,
    async restart() {
      await kill();
      await start();
    },
    async [Symbol.asyncDispose]() {
      await removeContainers(engine).catch(() => {});
      const error = await kill().then(
        () => undefined,
        (reason: Error) => reason,
      );
      const left = await findLeftovers({ root, id: state.id });
      await removeLeftovers({ root, id: state.id });
      if (options.root === undefined) await rm(root, { recursive: true, force: true });
      if (error !== undefined) throw error;
      if (left.length > 0) throw new InternalError(`the engine left behind:\n${left.join('\n')}\n${state.log}`);
    },
  };
  await start().catch(async (error: unknown) => {
    await removeLeftovers({ root, id: state.id });
    if (options.root === undefined) await rm(root, { recursive: true, force: true });
    throw error;
  });
  return engine;
}

/** A folder that stays may hold the settings of an earlier start. */
function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/** The docker client finds neither the settings nor the credentials of whoever runs the test. */
async function clientEnvironment(root: string, socket: string): Promise<Record<string, string>> {
  const home = join(root, 'home');
  await mkdir(home, { recursive: true });
  const own = Object.entries(process.env).filter(([name]) => !/^(DOCKER|BERTH|COMPOSE)_/.test(name));
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    HOME: home,
    DOCKER_CONFIG: join(home, '.docker'),
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_BUILDKIT: '0',
  };
}

/** An engine makes its bridge with its first container, so what was given out is remembered too. */
const givenOut = new Set<string>();

/** Second byte of a 10.x/16 that no interface of this host and no other engine of this test is in. */
function freeSubnet(): number {
  const taken = new Set(
    Object.values(networkInterfaces())
      .flat()
      .map((entry) => /^10\.(\d+)\./.exec(entry?.address ?? '')?.[1]),
  );
  for (;;) {
    const candidate = 64 + Math.floor(Math.random() * 140);
    if (taken.has(String(candidate)) || givenOut.has(String(candidate))) continue;
    givenOut.add(String(candidate));
    return candidate;
  }
}

async function untilAnswers(socket: string, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = Date.now() + STARTED_WITHIN_MS;
  for (;;) {
    if (child.exitCode !== null) throw new UnavailableError(`the engine ended with ${child.exitCode}:\n${log()}`);
    const { status } = await askApi(socket, { method: 'GET', path: '/_ping' }).catch(() => ({ status: 0 }));
    if (status === 200) return;
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new UnavailableError(`the engine does not answer:\n${log()}`);
    }
    await sleep(25);
  }
}

async function removeContainers(engine: TestEngine): Promise<void> {
  if ((await engine.request('GET', '/_ping')).status !== 200) return;
  const { status, text } = await engine.request('GET', '/containers/json?all=1');
  if (status !== 200) return;
  for (const { Id } of JSON.parse(text) as { Id: string }[])
    await engine.request('DELETE', `/containers/${Id}?force=1&v=1`);
}

async function askApi(
  socketPath: string,
  { method, path, body }: { method: string; path: string; body?: unknown },
): Promise<{ status: number; text: string }> {
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const call = request({ socketPath, method, path, headers: { Host: 'localhost', ...headers } });
  call.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
  const chunks = await Array.fromAsync(response as AsyncIterable<Buffer>);
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

async function runCommand(words: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.env,
    cwd: options.cwd,
    signal: options.signal,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 128, stdout, stderr };
}
