import { InvalidArgumentError } from '#lib/errors.ts';
import { decodeName } from '#lib/files/name.ts';

/** Records of a PAX extended header: values are bytes. */
export type PaxRecords = Map<string, Buffer>;

const NANOSECONDS = 1_000_000_000n;
const SECOND_DIGITS = 10;
const POINT = 0x2e;

/** Fields of the header that a record stands for; their text ends nowhere but at the record's end. */
const TEXTS: ReadonlySet<string> = new Set(['path', 'linkpath', 'uname', 'gname']);

/** Records that must be well-formed even where nothing reads them. */
const TIMES = ['mtime', 'atime', 'ctime'] as const;

/**
 * @param bytes which the values of the records are views of
 * @throws {InvalidArgumentError} if a record is broken
 */
export function parsePax(bytes: Buffer): PaxRecords {
  const records: PaxRecords = new Map();
  const sparse: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const { key, value, end } = recordAt(bytes, at);
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') addSparse(sparse, key, value);
    else records.set(key, value);
    at = end;
  }
  // GNU sparse 0.0 repeats two keys for each region; they are gathered into the map of 0.1.
  if (sparse.length > 0) records.set('GNU.sparse.map', Buffer.from(sparse.join(',')));
  for (const key of TIMES) paxTime(records, key);
  return records;
}

function recordAt(bytes: Buffer, at: number): { key: string; value: Buffer; end: number } {
  const space = bytes.indexOf(SPACE, at);
  const digits = space < 0 || space - at > 16 ? '' : bytes.toString('latin1', at, space);
  const end = /^\d+$/.test(digits) ? at + Number(digits) : Number.NaN;
  const equals = bytes.indexOf(EQUALS, space);
  // Written so that a number that is none fails as well.
  const isWhole = end <= bytes.length && equals > space + 1 && equals < end - 1 && bytes[end - 1] === NEWLINE;
  if (!isWhole) throw new InvalidArgumentError('broken tar: a PAX record is malformed');
  const key = decodeName(bytes.subarray(space + 1, equals));
  const value = bytes.subarray(equals + 1, end - 1);
  if (key.includes('\0') || (TEXTS.has(key) && value.includes(0)))
    throw new InvalidArgumentError(`broken tar: PAX record ${JSON.stringify(key)} holds a zero byte`);
  return { key, value, end };
}

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;

function addSparse(sparse: Buffer[], key: string, value: Buffer): void {
  const expected = sparse.length % 2 === 0 ? 'GNU.sparse.offset' : 'GNU.sparse.numbytes';
  if (key !== expected || value.includes(','))
    throw new InvalidArgumentError('broken tar: a sparse file has a broken map');
  sparse.push(value);
}

/** Text of a record; undefined if absent. An empty value takes the record back to the header's own field. */
export function paxText(records: PaxRecords, key: string): string | undefined {
  const value = records.get(key);
  return value === undefined || value.length === 0 ? undefined : decodeName(value);
}

/** A whole number, also a negative one. */
export function paxNumber(records: PaxRecords, key: string): number | undefined {
  const digits = paxText(records, key);
  if (digits === undefined) return undefined;
  const value = Number(digits);
  if (!/^[+-]?\d+$/.test(digits) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError(`broken tar: PAX record ${key} is not a number`);
  return value;
}

/** Decimal seconds, also before the epoch, as nanoseconds. */
export function paxTime(records: PaxRecords, key: string): bigint | undefined {
  const value = records.get(key);
  if (value === undefined || value.length === 0) return undefined;
  const usual = usualTime(value);
  if (usual !== undefined) return usual;
  const digits = decodeName(value);
  const [, sign, seconds, fraction = ''] = /^([+-]?)(\d{1,19})(?:\.(\d*))?$/.exec(digits) ?? [];
  if (seconds === undefined) throw new InvalidArgumentError(`broken tar: PAX record ${key} is not a time`);
  if (BigInt.asIntN(64, BigInt(seconds)) < 0n)
    throw new InvalidArgumentError(`broken tar: PAX record ${key} is out of range`);
  const nanoseconds = BigInt(seconds) * NANOSECONDS + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -nanoseconds : nanoseconds;
}

/** A time as nearly all programs write it, ten digits and up to nine more; undefined for all others. */
function usualTime(value: Buffer): bigint | undefined {
  const point = value.length > SECOND_DIGITS ? SECOND_DIGITS : value.length;
  if (point !== SECOND_DIGITS || value.length > SECOND_DIGITS + 10) return undefined;
  if (value.length > point && value[point] !== POINT) return undefined;
  const seconds = digitsAt(value, 0, SECOND_DIGITS);
  const fraction = value.length - point - 1;
  const nanoseconds = fraction > 0 ? digitsAt(value, point + 1, value.length) * 10 ** (9 - fraction) : 0;
  if (Number.isNaN(seconds + nanoseconds)) return undefined;
  return BigInt(seconds) * NANOSECONDS + BigInt(nanoseconds);
}

function digitsAt(value: Buffer, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = (value[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
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
