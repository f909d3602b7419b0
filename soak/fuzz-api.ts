import { importBusybox } from '../test/support/base-image.ts';
import { startEngine } from '../test/support/engine.ts';
import { defectOf, send } from './fuzz-support.ts';
import { type FaultOptions, type FaultReport, pick, seeded } from './support.ts';

type Random = () => number;

const CONTAINER = {
  Image: 'busybox',
  Cmd: ['true'],
  Entrypoint: null,
  Env: ['A=1'],
  Labels: { a: 'b' },
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/v': {} },
  WorkingDir: '/w',
  User: '0',
  Hostname: 'h',
  StopTimeout: 3,
  StopSignal: 'TERM',
  Tty: false,
  Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000, Retries: 1 },
  HostConfig: {
    Binds: ['named:/b'],
    Mounts: [{ Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 65_536 } }],
    Tmpfs: { '/u': 'size=1m' },
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    NetworkMode: 'bridge',
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    Memory: 33_554_432,
    NanoCpus: 500_000_000,
    CpusetCpus: '0',
    Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }],
    CapAdd: ['NET_ADMIN'],
    Sysctls: { 'net.ipv4.ip_forward': '1' },
    SecurityOpt: ['no-new-privileges'],
    ExtraHosts: ['a:127.0.0.1'],
    Dns: ['10.0.0.1'],
    Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'rwm' }],
    LogConfig: { Type: 'local', Config: {} },
    ShmSize: 65_536,
    PidsLimit: 10,
  },
  NetworkingConfig: { EndpointsConfig: { bridge: { Aliases: ['x'], IPAMConfig: { IPv4Address: '' } } } },
};
const NETWORK = {
  Name: 'n',
  Driver: 'bridge',
  Internal: false,
  IPAM: { Driver: 'default', Config: [{ Subnet: '10.251.7.0/24', Gateway: '10.251.7.1' }], Options: {} },
  Options: { 'com.docker.network.bridge.name': 'x' },
  Labels: { a: 'b' },
};
const VOLUME = { Name: 'v', Driver: 'local', DriverOpts: {}, Labels: { a: 'b' } };
const EXEC = { Cmd: ['true'], AttachStdout: true, Env: ['A=1'], User: '0', WorkingDir: '/', ConsoleSize: [1, 1] };

const CALLS: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['POST', '/containers/create', CONTAINER],
  ['POST', '/containers/create?name=fuzz', CONTAINER],
  ['POST', '/containers/target/update', { Memory: 33_554_432, RestartPolicy: { Name: 'no' }, CpuShares: 2 }],
  ['POST', '/containers/target/exec', EXEC],
  ['POST', '/networks/create', NETWORK],
  ['POST', '/networks/bridge/connect', { Container: 'target', EndpointConfig: { Aliases: ['y'], Links: [] } }],
  ['POST', '/networks/bridge/disconnect', { Container: 'target', Force: false }],
  ['POST', '/volumes/create', VOLUME],
  ['POST', '/commit?container=target&repo=c', { Cmd: ['x'], Env: ['A=2'], Labels: { c: 'd' } }],
  ['POST', '/auth', { username: 'u', password: 'p', serveraddress: 'localhost:1' }],
  ['GET', '/containers/json?all=1&limit=2&filters={"status":["exited"],"label":{"a=b":true}}'],
  ['GET', '/images/json?filters={"reference":["busy*"],"before":["busybox"]}&digests=1'],
  ['GET', '/networks?filters={"driver":["bridge"],"type":["custom"]}'],
  ['GET', '/volumes?filters={"dangling":["true"],"label":["a"]}'],
  ['GET', '/events?since=1&until=2&filters={"type":["container"],"event":["die"]}'],
  ['GET', '/containers/target/logs?stdout=1&tail=3&since=1.5&until=2h'],
  ['GET', '/containers/target/json?size=1'],
  ['GET', '/containers/target/top?ps_args=-eo%20pid,comm'],
  ['GET', '/containers/target/archive?path=/etc/passwd'],
  ['HEAD', '/containers/target/archive?path=/etc/passwd'],
  ['GET', '/containers/target/changes'],
  ['GET', '/containers/target/stats?stream=0&one-shot=1'],
  ['GET', '/images/busybox/json'],
  ['GET', '/images/busybox/history'],
  ['POST', '/images/busybox/tag?repo=r&tag=t'],
  ['GET', '/images/get?names=busybox'],
  ['DELETE', '/images/r:t?force=0&noprune=0'],
  ['GET', '/system/df?type=image'],
  ['POST', '/containers/target/kill?signal=SIGUSR1'],
  ['POST', '/containers/target/resize?h=1&w=1'],
  ['POST', '/containers/target/wait?condition=not-running'],
  ['POST', '/containers/target/rename?name=target'],
  ['DELETE', '/containers/fuzz?force=1&v=1'],
  ['POST', '/images/prune?filters={"dangling":["true"],"until":["1h"]}'],
  ['POST', '/build/prune?filters={"until":["1h"]}'],
  ['GET', '/exec/none/json'],
  ['POST', '/exec/none/start', { Detach: true, Tty: false }],
];

/** Values that a field does not expect. */
const ODD: readonly unknown[] = [null, '', 'x', 0, -1, 1.5, 2 ** 53, 1e300, true, [], {}, [null], [[]], { a: null }, ['x', 5], '../../x', 'é\u0000\u0001', 'x'.repeat(5000), { __proto__: null, constructor: 1 }, '0x10', 'null', '%s%n', '127.0.0.1:0', '/', ':', '=']; // prettier-ignore

/**
 * Sends requests whose bodies, paths and queries were changed at random. Every answer must be one of the API's, and the engine must live
 * with its container and image unharmed.
 */
export async function fuzzApi({ seed, rounds, onRound }: FaultOptions): Promise<FaultReport> {
  const random = seeded(seed);
  const report: FaultReport = { rounds, problems: [], counts: {} };
  await using engine = await startEngine();
  await importBusybox(engine);
  const created = await engine.docker('create', '--name', 'target', 'busybox', 'true');
  if (created.code !== 0) throw new Error(created.stderr);
  const { pid } = engine;
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    const [method, path, body] = pick(random, CALLS);
    const sent = {
      method,
      path: method === 'DELETE' || random() < 0.5 ? encode(path) : encode(mutateQuery(random, path)),
      type: random() < 0.97 ? 'application/json' : 'text/plain',
      body: body === undefined ? '' : mutateText(random, JSON.stringify(mutateValue(random, body))),
    };
    const answer = await send(engine.socket, sent);
    const kind = `${Math.floor(answer.status / 100)}xx`;
    report.counts[kind] = (report.counts[kind] ?? 0) + 1;
    const defect = method === 'HEAD' && answer.status !== 500 ? undefined : defectOf(answer);
    // What an image, a list or an archive holds may read like anything.
    if (defect !== undefined && (answer.status >= 400 || answer.status === 0))
      report.problems.push(`round ${round}: ${method} ${sent.path} ${sent.body.slice(0, 600)}\n    ${defect}`);
  }
  const runs = await engine.docker('run', '--rm', 'busybox', 'true');
  if (runs.code !== 0 || engine.pid !== pid) report.problems.push(`the engine does not work any more: ${runs.stderr}`);
  if ((await engine.docker('inspect', created.stdout.trim())).code !== 0)
    report.problems.push('the container that nobody removed is gone');
  await engine.docker('network', 'prune', '-f');
  return report;
}

const encode = (path: string): string => path.replaceAll(/[^\x21-\x7e]|["{}<>\\^`|]/g, (text) => encodeURIComponent(text.toWellFormed())); // prettier-ignore

/** The object with some of its parts replaced, left out, or called by another name. */
function mutateValue(random: Random, value: unknown): unknown {
  if (random() < 0.04) return pick(random, ODD);
  if (Array.isArray(value)) return value.map((item) => mutateValue(random, item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(() => random() > 0.06)
    .map(([key, item]) => [random() < 0.02 ? key.toLowerCase() : key, mutateValue(random, item)] as const);
  if (random() < 0.02) entries.push([pick(random, ['__proto__', 'constructor', 'toString', 'X']), pick(random, ODD)]);
  return Object.fromEntries(entries);
}

function mutateText(random: Random, text: string): string {
  if (random() > 0.05) return text;
  const at = Math.floor(random() * text.length);
  return pick(random, [text.slice(0, at), `${text}${text}`, `${text.slice(0, at)}\u0000${text.slice(at)}`, '[]', 'null', '5', '"x"', '['.repeat(20_000)]); // prettier-ignore
}

function mutateQuery(random: Random, path: string): string {
  const pieces = path.split(/(?<=[/?&=,:[\]])/);
  const at = Math.floor(random() * pieces.length);
  const odd = pick(random, ['', 'x', '-1', '99999999999999999999', '..', '%00', '%zz', 'é', '{', '[null]', 'a'.repeat(3000), '%2e%2e%2f', '1e9', 'null', "'", '__proto__']); // prettier-ignore
  return pieces.map((piece, index) => (index === at && index > 0 ? odd : piece)).join('') || '/';
}
