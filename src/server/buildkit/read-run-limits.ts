import type { RunLimits } from '#api/run-limits.ts';
import { InvalidArgumentError } from '#lib/errors.ts';

type Options = ReadonlyMap<string, string>;

/** What every RUN is given, of a frontend's options. @throws {InvalidArgumentError} */
export function readRunLimits(options: Options): RunLimits {
  const numbers = {
    shmBytes: integerOf(options, 'shm-size'),
    memoryBytes: integerOf(options, 'memory'),
    memorySwapBytes: integerOf(options, 'memswap'),
    cpuShares: integerOf(options, 'cpushares'),
    cpuPeriod: integerOf(options, 'cpuperiod'),
    cpuQuota: integerOf(options, 'cpuquota'),
  };
  const texts = {
    cpusetCpus: options.get('cpusetcpus'),
    cpusetMems: options.get('cpusetmems'),
    cgroupParent: options.get('cgroup-parent'),
    hostname: options.get('hostname') ?? options.get('build-arg:BUILDKIT_SANDBOX_HOSTNAME'),
  };
  return {
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined && value !== 0)),
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined && value !== '')),
    networkMode: networkOf(options),
    extraHosts: hostsOf(options),
    ulimits: ulimitsOf(options),
  };
}

function integerOf(options: Options, name: string): number | undefined {
  const text = options.get(name) ?? '';
  if (text === '') return undefined;
  const value = Number(text);
  if (!/^-?\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError(`invalid ${name}: ${JSON.stringify(text)} is no number`);
  return value;
}

function networkOf(options: Options): string {
  const mode = options.get('force-network-mode') ?? '';
  if (mode === '' || mode === 'sandbox' || mode === 'default') return 'bridge';
  if (mode === 'host' || mode === 'none') return mode;
  throw new InvalidArgumentError(`invalid force-network-mode: ${mode}`, { hint: 'host, none or default' });
}

/** `name=address`, as this protocol writes them, to `name:address`. */
function hostsOf(options: Options): string[] {
  return partsOf(options.get('add-hosts')).map((part) => {
    const [, name, address] = /^([^=]+)=(.+)$/.exec(part) ?? [];
    if (name === undefined || address === undefined)
      throw new InvalidArgumentError(`invalid host ${JSON.stringify(part)}`, { hint: 'write it as name=address' });
    return `${name}:${address}`;
  });
}

function ulimitsOf(options: Options): NonNullable<RunLimits['ulimits']> {
  return partsOf(options.get('ulimit')).map((part) => {
    const [, name, soft, hard = soft] = /^(\w+)=(-?\d{1,15})(?::(-?\d{1,15}))?$/.exec(part) ?? [];
    if (name === undefined)
      throw new InvalidArgumentError(`invalid ulimit ${JSON.stringify(part)}`, { hint: 'write it as name=soft:hard' });
    return { name, soft: Number(soft), hard: Number(hard) };
  });
}

function partsOf(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((part) => part !== '');
}
