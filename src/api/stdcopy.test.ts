import { expect, test } from 'vitest';
import { parseStdcopy, stdcopyFrame } from './stdcopy.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.byteLength; offset += size) yield bytes.subarray(offset, offset + size);
}

test('a frame is stream, three zeros, length in big endian, bytes', () => {
  expect([...stdcopyFrame('stderr', new TextEncoder().encode('hi'))]).toEqual([2, 0, 0, 0, 0, 0, 0, 2, 104, 105]);
});

test('frames come back whatever the pieces they arrive in', async () => {
  const whole = Buffer.concat([
    stdcopyFrame('stdout', Buffer.from('one')),
    stdcopyFrame('stderr', Buffer.from('')),
    stdcopyFrame('stderr', Buffer.from('two'.repeat(100))),
  ]);
  for (const size of [1, 3, 8, 9, 1000]) {
    const text = { stdin: '', stdout: '', stderr: '', systemError: '' };
    for await (const { stream, payload } of parseStdcopy(pieces(whole, size)))
      text[stream] += Buffer.from(payload).toString();
    expect(text).toEqual({ stdin: '', stdout: 'one', stderr: 'two'.repeat(100), systemError: '' });
  }
});

test('bytes without frames, and an end within one, are errors', async () => {
  await expect(Array.fromAsync(parseStdcopy(pieces(Buffer.from('plain text of a terminal'), 5)))).rejects.toThrow(
    'not in frames',
  );
  const cut = stdcopyFrame('stdout', Buffer.from('abc')).subarray(0, 9);
  await expect(Array.fromAsync(parseStdcopy(pieces(cut, 100)))).rejects.toThrow('ended within a frame');
});
