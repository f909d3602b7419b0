import { expect, test } from 'vitest';
import { CancelledError, NotFoundError, UnavailableError } from '#lib/errors.ts';
import { parseTimeout, readMetadata, writeMetadata } from './metadata.ts';
import { CODES, errorOfStatus, readStatus, statusOfError, statusTrailers } from './status.ts';

test('a status goes into trailers and comes back, whatever its text', () => {
  const details = [{ typeUrl: 'a/b', value: Buffer.from([1, 2]) }];
  for (const message of ['', 'plain', '50% of größe\nnext line \u{1f433}', 'a%2Fb']) {
    const status = { code: CODES.notFound, message, details };
    const read = readStatus(statusTrailers(status));
    expect({ ...read, details: read?.details.map(({ typeUrl, value }) => [typeUrl, [...value]]) }).toEqual({
      ...status,
      details: [['a/b', [1, 2]]],
    });
  }
});

test('a message that is too long for a trailer keeps its beginning and its end', () => {
  const { message = '' } =
    readStatus(statusTrailers({ code: 2, message: `a${'x'.repeat(100_000)}z`, details: [] })) ?? {};
  expect(message.length).toBeLessThan(5000);
  expect([message[0], message.at(-1)]).toEqual(['a', 'z']);
});

test('what is no status is none, and broken details are none', () => {
  expect(readStatus({})).toBeUndefined();
  expect(readStatus({ 'grpc-status': 'x' })).toBeUndefined();
  expect(readStatus({ 'grpc-status': '5', 'grpc-status-details-bin': 'CP//' })).toEqual({
    code: 5,
    message: '',
    details: [],
  });
});

test('kinds of errors have codes, and codes have kinds', () => {
  expect(statusOfError(new NotFoundError('gone', { why: 'because', hint: 'look' }))).toEqual({
    code: 5,
    message: 'gone\nbecause\nlook',
    details: [],
  });
  expect(statusOfError(new CancelledError('x')).code).toBe(1);
  expect(statusOfError(AbortSignal.abort().reason).code).toBe(1);
  expect(statusOfError('text')).toEqual({ code: 2, message: 'text', details: [] });
  expect(errorOfStatus({ code: 5, message: 'gone' })).toBeInstanceOf(NotFoundError);
  expect(errorOfStatus({ code: 4, message: '' })).toBeInstanceOf(UnavailableError);
  expect(errorOfStatus({ code: 99, message: '' }).message).toContain('99');
});

test('metadata is what is not the protocol’s own; bytes are base64', () => {
  const headers = writeMetadata(
    new Map([
      ['a', ['1']],
      ['b-bin', [new Uint8Array([0, 255])]],
    ]),
  );
  expect(headers).toEqual({ a: ['1'], 'b-bin': ['AP8='] });
  const read = readMetadata({
    ':path': '/x',
    'grpc-timeout': '1S',
    te: 'trailers',
    a: '1',
    'b-bin': 'AP8=',
    c: ['x', 'y'],
  });
  expect([
    read.get('a'),
    [...(read.getBytes('b-bin') ?? [])],
    read.getAll('C'),
    read.get('te'),
    read.get('grpc-timeout'),
  ]).toEqual(['1', [0, 255], ['x', 'y'], undefined, undefined]);
  expect(() => writeMetadata(new Map([['a', ['ü']]]))).toThrow('ASCII');
  expect(() => writeMetadata(new Map([['grpc-x', ['1']]]))).toThrow('name of metadata');
  expect(() => writeMetadata(new Map([['b-bin', ['text']]]))).toThrow('ASCII');
});

test('times that a call may take have units', () => {
  expect([
    parseTimeout('2H'),
    parseTimeout('15S'),
    parseTimeout('10m'),
    parseTimeout('1n'),
    parseTimeout(undefined),
  ]).toEqual([7_200_000, 15_000, 10, 1, undefined]);
  expect(() => parseTimeout('123456789S')).toThrow('grpc-timeout');
});
