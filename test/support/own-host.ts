import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { PermissionDeniedError, UnavailableError } from '#lib/errors.ts';
import { silentLog } from '#lib/log.ts';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { c } from '#linux/ffi.ts';
import { createNetns, removeNetns } from '#linux/netns.ts';
import type { EngineEvent } from '#engine/events/events.ts';
import { MIGRATIONS } from '#engine/migrations.ts';
import type { NetworkRequest, Networks, PortRequest, Sandbox } from '#engine/networks/networks.ts';
import { openNetworks } from '#engine/networks/open-networks.ts';

// Every test has a network namespace for its host, so that nothing of the machine is seen or touched:
//   neighbour 10.77.0.2 ── 10.77.0.1 host ── bridges ── containers
const CLONE_NEWNET = 0x40000000;
export const HOST = '10.77.0.1';
export const NEIGHBOUR = '10.77.0.2';
const machine = openSync('/proc/thread-self/ns/net', 'r');

/** The host of the running test. */
export const here = {
  /** Folder of its engines: `ID/` is the run-time folder, `ID.db` the database of the engine ID. */
  root: '',
  /** Network namespace of a machine in the host's network. */
  neighbour: '',
  /** Events of all its engines. */
  published: [] as Omit<EngineEvent, 'timeNano'>[],
};
const databases: Database[] = [];
const opened: Networks[] = [];
const programs: ChildProcess[] = [];

/** Gives each test of a file a network namespace of its own for its host. */
export function useOwnHost(): void {
  beforeEach(() => {
    const root = mkdtempSync(join(tmpdir(), 'networks-'));
    const neighbour = join(root, 'neighbour');
    Object.assign(here, { root, neighbour, published: [] });
    if (c.unshare(CLONE_NEWNET) !== 0) throw new PermissionDeniedError('a host of its own needs root');
    createNetns(neighbour);
    sh('ip link set lo up && ip link add lan0 type veth peer name lan1');
    sh(`ip link set lan1 netns ${neighbour} && ip addr add ${HOST}/24 dev lan0 && ip link set lan0 up`);
    shIn(neighbour, `ip addr add ${NEIGHBOUR}/24 dev lan1 && ip link set lan1 up && ip link set lo up`);
    shIn(neighbour, `ip route add default via ${HOST}`);
  });

  afterEach(async () => {
    const { root, neighbour } = here;
    for (const program of programs.splice(0)) program.kill('SIGKILL');
    for (const networks of opened.splice(0)) await networks.close();
    for (const database of databases.splice(0)) database.close();
    for (const engine of ['aaaaaaaa', 'bbbbbbbb']) {
      const folder = join(root, engine, 'networks');
      for (const id of existsSync(folder) ? readdirSync(folder) : []) removeNetns(join(folder, id, 'ns'));
    }
    removeNetns(neighbour);
    rmSync(root, { recursive: true, force: true });
  });

  afterAll(() => {
    c.setns(machine, CLONE_NEWNET);
    closeSync(machine);
  });
}

export function sh(script: string): string {
  return execFileSync('sh', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export function shIn(namespace: string, script: string): string {
  return execFileSync('nsenter', [`--net=${namespace}`, 'sh', '-c', script], { encoding: 'utf8' });
}

/** Opens the networks of an engine with this id, as after each of its starts. */
export async function openIn(engineId = 'aaaaaaaa'): Promise<Networks> {
  const { root, published } = here;
  const execRoot = join(root, engineId);
  mkdirSync(execRoot, { recursive: true });
  const database = openDatabase(join(root, `${engineId}.db`), MIGRATIONS);
  databases.push(database);
  const events = { publish: (event: Omit<EngineEvent, 'timeNano'>) => void published.push(event), subscribe: nobody };
  const options = { bridgeAddress: undefined, addressPools: [], dns: [], mtu: undefined };
  const networks = await openNetworks({
    database,
    engineId,
    dataRoot: root,
    execRoot,
    events,
    log: silentLog,
    options,
  });
  opened.push(networks);
  return networks;
}

async function* nobody(): AsyncGenerator<EngineEvent> {}

export function request(containerId: string, more: Partial<NetworkRequest> = {}): NetworkRequest {
  return {
    containerId,
    containerName: `name-of-${containerId}`,
    hostname: containerId,
    mode: 'bridge',
    endpoints: {},
    ports: [],
    dns: [],
    dnsSearch: [],
    dnsOptions: [],
    extraHosts: [],
    ...more,
  };
}

export const port = (hostAddress: string, hostPort: number, more: Partial<PortRequest> = {}): PortRequest => ({
  protocol: 'tcp',
  containerPort: 80,
  hostAddress,
  hostPort,
  ...more,
});

/** A server that answers every connection or datagram with `text`; undefined = on the host. */
export async function serve(namespace: string | undefined, text: string, { udp = false, at = 80 } = {}): Promise<void> {
  const script = udp
    ? `const s=require('dgram').createSocket('udp4');s.on('message',(m,p)=>s.send(${JSON.stringify(text)},p.port,p.address));s.bind(${at},()=>console.log('up'))`
    : `require('net').createServer(s=>s.on('error',()=>{}).end(${JSON.stringify(text)})).listen(${at},'0.0.0.0',()=>console.log('up'))`;
  const enter = namespace === undefined ? [] : ['nsenter', `--net=${namespace}`];
  const [command, ...args] = [...enter, process.execPath, '-e', script];
  const program = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  programs.push(program);
  if (program.stdout !== null) await once(program.stdout, 'data');
}

/** What a server answers; `nothing` if it cannot be reached within a second. */
export async function ask(
  namespace: string | undefined,
  address: string,
  { udp = false, at = 80 } = {},
): Promise<string> {
  const script = udp
    ? `const s=require('dgram').createSocket('udp4');s.on('message',m=>{console.log(''+m);process.exit()});s.send('x',${at},'${address}')`
    : `require('net').connect(${at},'${address}').on('data',d=>{console.log(''+d);process.exit()}).on('error',()=>process.exit())`;
  const enter = namespace === undefined ? [] : ['nsenter', `--net=${namespace}`];
  const [command, ...args] = [...enter, process.execPath, '-e', `setTimeout(()=>process.exit(),1000);${script}`];
  const { stdout } = await promisify(execFile)(command, args);
  return stdout.trim() || 'nothing';
}

/** Answers to datagrams that one socket goes on sending. */
export function follow(namespace: string, address: string, at: number): string[] {
  const script = `const s=require('dgram').createSocket('udp4');s.on('message',m=>console.log(''+m));setInterval(()=>s.send('x',${at},'${address}'),50)`;
  const program = spawn('nsenter', [`--net=${namespace}`, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  programs.push(program);
  const answers: string[] = [];
  program.stdout.setEncoding('utf8').on('data', (text: string) => answers.push(...text.trim().split('\n')));
  return answers;
}

/** Waits until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 100) throw new UnavailableError('what was waited for did not happen');
    await sleep(50);
  }
}

export const namespaceOf = ({ namespacePath }: Sandbox): string => namespacePath ?? '';
export const addressOf = ({ endpoints }: Sandbox): string => endpoints[0]?.address ?? '';
