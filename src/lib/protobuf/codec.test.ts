import { expect, test } from 'vitest';
import { decodeMessage } from './decode.ts';
import { encodeMessage } from './encode.ts';
import * as field from './field.ts';
import { message, type Message } from './message.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const from = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

const INNER = message({ a: field.int32(1) });
const ALL = message(
  {
    text: field.string(2),
    number: field.int32(1),
    inner: field.embedded(3, INNER),
    packed: field.repeated(field.int32(4)),
    big: field.int64(5),
    exact: field.bigint64(6),
    flag: field.bool(7),
    raw: field.bytes(8),
    names: field.repeated(field.string(9)),
    labels: field.map(10, 'string', field.string(0)),
    inners: field.map(11, 'int64', field.embedded(0, INNER)),
    zigzag: field.sint64(12),
    half: field.double(13),
    word: field.fixed32(14),
    long: field.fixed64(15),
    single: field.float(16),
    left: field.optional(field.string(17)),
    right: field.embedded(18, INNER),
    unsigned: field.uint64(19),
    small: field.uint32(20),
  },
  { oneofs: [['left', 'right']] },
);

test('values are written as the format describes them', () => {
  // The three examples of the encoding guide: a number, a text, a message inside; then packed numbers.
  expect(hex(encodeMessage(ALL, { number: 150 }))).toBe('089601');
  expect(hex(encodeMessage(ALL, { text: 'testing' }))).toBe('120774657374696e67');
  expect(hex(encodeMessage(ALL, { inner: { a: 150 } }))).toBe('1a03089601');
  expect(hex(encodeMessage(ALL, { packed: [3, 270, 86942] }))).toBe('2206038e029ea705');
  expect(hex(encodeMessage(ALL, { number: -2 }))).toBe('08feffffffffffffffff01');
  expect(hex(encodeMessage(ALL, { zigzag: -1 }))).toBe('6001');
  expect(
    hex(
      encodeMessage(ALL, {
        labels: new Map([
          ['b', ''],
          ['a', 'x'],
        ]),
      }),
    ),
  ).toBe('52060a016112017852050a01621200');
});

test('zero is not written where absent means zero, and is where it does not', () => {
  expect(hex(encodeMessage(ALL, { number: 0, text: '', flag: false, raw: new Uint8Array(), exact: 0n }))).toBe('');
  expect(hex(encodeMessage(ALL, { left: '' }))).toBe('8a0100');
  expect(decodeMessage(ALL, from('8a0100')).left).toBe('');
  expect(decodeMessage(ALL, new Uint8Array()).left).toBeUndefined();
});

test('what was written is read again', () => {
  const value = {
    text: 'grüße \u{1f40b}',
    number: -2147483648,
    inner: { a: 7 },
    packed: [0, -1, 2147483647],
    big: -9007199254740991,
    exact: 1_700_000_000_123_456_789n,
    flag: true,
    raw: new Uint8Array([0, 255]),
    names: ['', 'x'],
    labels: new Map([['k', 'v']]),
    inners: new Map([[-3, { a: 1 }]]),
    zigzag: -4503599627370496,
    half: 0.1,
    word: 0xffff_ffff,
    long: 4_503_599_627_370_496,
    single: 0.5,
    right: { a: 0 },
    unsigned: 9007199254740991,
    small: 0xffff_ffff,
  };
  const read = decodeMessage(ALL, encodeMessage(ALL, value));
  expect({ ...read, raw: [...read.raw] }).toEqual({ ...value, raw: [0, 255], left: undefined });
});

test('unknown fields are skipped, whatever they are', () => {
  // Varint, 64 bits, bytes, a group with a group in it, 32 bits; each with number 100 or more; then number 1.
  const unknown = 'a006 ff01  a106 0102030405060708  a206 02 ffff  a306 ab06 0801 ac06 a406  a506 01020304';
  expect(decodeMessage(ALL, from(`${unknown} 0805`)).number).toBe(5);
});

test('numbers beyond what is safe are the nearest that is', () => {
  const [most] = ['28ffffffffffffffff7f'].map((text) => decodeMessage(ALL, from(text)).big);
  expect(most).toBe(Number.MAX_SAFE_INTEGER);
  expect(decodeMessage(ALL, from('2880808080808080808001')).big).toBe(Number.MIN_SAFE_INTEGER);
  expect(decodeMessage(ALL, from('980 1ffffffffffffffffff01')).unsigned).toBe(Number.MAX_SAFE_INTEGER);
});

test('repeated numbers are read packed and one by one, and the last of a oneof counts', () => {
  expect(decodeMessage(ALL, from('2001 2002 220203 04')).packed).toEqual([1, 2, 3, 4]);
  const both = decodeMessage(ALL, from('8a0101 78 9201 00'));
  expect([both.left, both.right]).toEqual([undefined, { a: 0 }]);
});

test('a field of another wire type than the table has is skipped', () => {
  expect(decodeMessage(ALL, from('0a 01 78')).number).toBe(0);
  expect(decodeMessage(ALL, from('10 05')).text).toBe('');
});

test.each([
  ['ends in a number', '08 96'],
  ['ends in a text', '12 05 61'],
  ['a number without end', '08 ffffffffffffffffffff01'],
  ['a text that is no UTF-8', '12 02 c328'],
  ['number zero', '00 01'],
  ['a wire type that is none', 'a606 01'],
  ['a group that does not end', 'a306 0801'],
  ['a group that did not begin', 'a406'],
  ['a length beyond the end', '12 ffffffff07'],
  ['a length beyond all limits', '42 ffffffffffffff7f'],
])('broken bytes are refused: %s', (_, text) => {
  expect(() => decodeMessage(ALL, from(text))).toThrow('malformed message');
});

test('messages in messages have a limit', () => {
  const nested: Message<object> = message({ inner: field.embedded(1, () => nested) });
  let bytes: Buffer = Buffer.alloc(0);
  for (let depth = 0; depth < 120; depth++)
    bytes = encodeMessage(message({ raw: field.optional(field.bytes(1)) }), { raw: bytes });
  expect(() => decodeMessage(nested, bytes)).toThrow('messages in each other');
});
