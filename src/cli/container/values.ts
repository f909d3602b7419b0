import { parseDuration } from '#api/durations.ts';
import { UsageError } from '../parse-options.ts';

/** Bytes of `512m`, `1.5g`, `64MiB` or a number. @throws {UsageError} */
export function parseBytes(option: string, text: string): number {
  const [, digits = '', unit = ''] = /^(-?\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?$/i.exec(text) ?? [];
  if (digits === '') throw new UsageError(`--${option} needs a size such as 512m or 2g, not ${JSON.stringify(text)}`);
  return Math.round(Number(digits) * 1024 ** ' kmgtp'.indexOf(unit.toLowerCase() || ' '));
}

/** Nanoseconds of `30s`, `1m30s`. @throws {UsageError} */
export function parseNanos(option: string, text: string): number {
  const nanos = parseDuration(text);
  if (nanos === undefined)
    throw new UsageError(`--${option} needs a duration such as 30s, not ${JSON.stringify(text)}`);
  return Number(nanos);
}

/** `key=value` pairs as an object; a key alone has an empty value. */
export function parsePairs(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

/** `name=soft[:hard]`. @throws {UsageError} */
export function parseUlimit(text: string): { Name: string; Soft: number; Hard: number } {
  const [, name, soft, hard] = /^(\w+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (name === undefined || soft === undefined)
    throw new UsageError(`--ulimit needs NAME=SOFT[:HARD], not ${JSON.stringify(text)}`);
  return { Name: name, Soft: Number(soft), Hard: Number(hard ?? soft) };
}

/** `always`, `on-failure:3`. @throws {UsageError} */
export function parseRestart(text: string): { Name: string; MaximumRetryCount: number } {
  const [, name, count] = /^(no|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(text) ?? [];
  if (name === undefined || (count !== undefined && name !== 'on-failure'))
    throw new UsageError(`--restart is no, always, unless-stopped or on-failure[:N], not ${JSON.stringify(text)}`);
  return { Name: name, MaximumRetryCount: Number(count ?? 0) };
}

/** `HOST[:CONTAINER[:rwm]]`. */
export function parseDevice(text: string): { PathOnHost: string; PathInContainer: string; CgroupPermissions: string } {
  const [host = '', second = '', third = ''] = text.split(':');
  const onlyMode = third === '' && /^[rwm]+$/.test(second);
  return {
    PathOnHost: host,
    PathInContainer: onlyMode || second === '' ? host : second,
    CgroupPermissions: (onlyMode ? second : third) || 'rwm',
  };
}

/** `all`, `2`, `device=0,1`, `"count=1,capabilities=utility"`. @throws {UsageError} */
export function parseGpus(text: string): object {
  const request = { Driver: '', Count: 0, DeviceIDs: null as string[] | null, Capabilities: [['gpu']], Options: {} };
  if (text === 'all') return { ...request, Count: -1 };
  if (/^\d+$/.test(text)) return { ...request, Count: Number(text) };
  for (const [key, value] of Object.entries(readFields(text))) {
    if (key === 'device') request.DeviceIDs = value.split(',');
    else if (key === 'count') request.Count = value === 'all' ? -1 : Number(value);
    else if (key === 'driver') request.Driver = value;
    else if (key === 'capabilities') request.Capabilities = [['gpu', ...value.split(',')]];
    else
      throw new UsageError(`--gpus cannot be read: ${JSON.stringify(text)}`, { hint: 'all, a number, or device=0,1' });
  }
  return request;
}

/** Fields of `a=b,c=d,e`; a field may be quoted as CSV does, and a value without key belongs to the field before. */
export function readFields(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  let last: string | undefined;
  for (const [, quoted, plain = ''] of text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    const field = quoted?.replaceAll('""', '"') ?? plain;
    const equals = field.indexOf('=');
    if (equals > 0) fields[(last = field.slice(0, equals))] = field.slice(equals + 1);
    else if (last === 'device' && field !== '') fields[last] += `,${field}`;
    else if (field !== '') fields[(last = field)] = 'true';
  }
  return fields;
}
