import { InvalidArgumentError } from '#lib/errors.ts';
import { decodeName } from '#lib/files/name.ts';

/** Records of a PAX extended header: values are bytes. */
export type PaxRecords = Map<string, Buffer>;

const NANOSECONDS = 1_000_000_000n;

/** @throws {InvalidArgumentError} if a record is broken */
export function parsePax(bytes: Buffer, records: PaxRecords): void {
  for (let at = 0; at < bytes.length && bytes[at] !== 0;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 || space - at > 20 ? Number.NaN : Number(bytes.toString('latin1', at, space));
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space);
    if (!Number.isSafeInteger(length) || end > bytes.length || equals < 0 || equals >= end || bytes[end - 1] !== 0x0a)
      throw new InvalidArgumentError('broken tar: a PAX record is malformed');
    addRecord(records, decodeName(bytes.subarray(space + 1, equals)), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
}

/** GNU sparse 0.0 repeats two keys for each region; they are gathered into the map of 0.1. */
function addRecord(records: PaxRecords, key: string, value: Buffer): void {
  if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
    const before = records.get('GNU.sparse.map');
    records.set('GNU.sparse.map', before === undefined ? Buffer.from(value) : Buffer.concat([before, COMMA, value]));
  } else records.set(key, Buffer.from(value));
}

const COMMA = Buffer.from(',');

/** Text of a record; undefined if absent. An empty value takes the record back to the header's own field. */
export function paxText(records: PaxRecords, key: string): string | undefined {
  const value = records.get(key);
  if (value === undefined || value.length === 0) return undefined;
  if (value.includes(0)) throw new InvalidArgumentError(`broken tar: PAX record ${key} holds a zero byte`);
  return decodeName(value);
}

export function paxNumber(records: PaxRecords, key: string): number | undefined {
  const digits = paxText(records, key);
  if (digits === undefined) return undefined;
  const value = Number(digits);
  if (!/^\d+$/.test(digits) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError(`broken tar: PAX record ${key} is not a number`);
  return value;
}

/** Decimal seconds, also before the epoch, as nanoseconds. */
export function paxTime(records: PaxRecords, key: string): bigint | undefined {
  const digits = paxText(records, key);
  if (digits === undefined) return undefined;
  const [, sign, seconds, fraction = ''] = /^(-?)(\d{1,18})(?:\.(\d*))?$/.exec(digits) ?? [];
  if (seconds === undefined) throw new InvalidArgumentError(`broken tar: PAX record ${key} is not a time`);
  const nanoseconds = BigInt(seconds) * NANOSECONDS + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -nanoseconds : nanoseconds;
}

/** `length key=value\n`, where the length counts itself. */
export function paxRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

export function formatPaxTime(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : '';
  const magnitude = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const fraction = String(magnitude % NANOSECONDS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${sign}${magnitude / NANOSECONDS}${fraction === '' ? '' : `.${fraction}`}`;
}
