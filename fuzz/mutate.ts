import { pick } from '../soak/support.ts';
import { base256, BLOCK, sealed } from '../test/hostile/raw-tar.ts';

type Random = () => number;

/** Numbers that programs stumble over, as they stand in a header's field of twelve bytes. */
const NUMBERS: readonly (string | Buffer)[] = [
  '77777777777\0',
  '00000000000\0',
  '00000000001\0',
  '00000001000\0',
  '-0000000001\0',
  '            ',
  '\0'.repeat(12),
  '99999999999\0',
  '\xff'.repeat(12),
  base256(2n ** 63n - 1n, 12),
  base256(2n ** 32n, 12),
  base256(-1n, 12),
];
/** Fields that hold numbers: mode, owner, group, size, time, device. */
const FIELDS = [100, 108, 116, 124, 136, 329, 337] as const;
const TYPES = '\x000123456789gxXLKSVDMNA' as const;
const MAGICS = ['ustar\x0000', 'ustar  \0', '\0'.repeat(8), 'ustar\0\0\0'] as const;

/** One change of a header block, which keeps its checksum. */
function changeHeader(random: Random, block: Buffer): void {
  const kind = pick(random, ['byte', 'number', 'type', 'magic', 'name', 'link', 'tail'] as const);
  if (kind === 'byte') block[Math.floor(random() * BLOCK)] = Math.floor(random() * 256);
  else if (kind === 'type') block.write(TYPES[Math.floor(random() * TYPES.length)] ?? '0', 156, 'latin1');
  else if (kind === 'magic') block.write(pick(random, MAGICS), 257, 'latin1');
  else if (kind === 'tail') for (let at = 345; at < BLOCK; at++) block[at] = Math.floor(random() * 256);
  else if (kind === 'number') {
    const number = pick(random, NUMBERS);
    const at = pick(random, FIELDS);
    const bytes = typeof number === 'string' ? Buffer.from(number, 'latin1') : number;
    bytes.copy(block, at, 0, at === 124 || at === 136 ? 12 : 8);
  } else {
    const text = pick(random, [
      '..',
      '/',
      '.wh.',
      '.wh..wh..opq',
      '../../x',
      'a/',
      '',
      '\xff\xfe',
      'l/x',
      'd',
    ] as const);
    block.fill(0, kind === 'name' ? 0 : 157, kind === 'name' ? 100 : 257);
    block.write(text, kind === 'name' ? 0 : 157, 'latin1');
  }
  sealed(block);
}

/** An archive with damage: changed bytes, with and without a checksum that fits; cut, doubled, moved and repeated blocks. */
export function mutateTar(random: Random, whole: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(whole);
  const position = (): number => Math.floor(random() * bytes.length);
  for (let times = 1 + Math.floor(random() * 5); times > 0; times--) {
    if (bytes.length < BLOCK) return bytes;
    const kind = pick(random, ['flip', 'header', 'header', 'header', 'cut', 'double', 'drop', 'swap'] as const);
    const block = Math.floor(position() / BLOCK) * BLOCK;
    const [before, after] = [bytes.subarray(0, block), bytes.subarray(block + BLOCK)];
    const part = bytes.subarray(block, block + BLOCK);
    if (kind === 'flip') bytes[position()] = Math.floor(random() * 256);
    else if (kind === 'cut') bytes = bytes.subarray(0, position());
    else if (kind === 'double') bytes = Buffer.concat([before, part, part, after]);
    else if (kind === 'drop') bytes = Buffer.concat([before, after]);
    else if (part.length < BLOCK) continue;
    else if (kind === 'swap') bytes = Buffer.concat([part, before, after]);
    else changeHeader(random, part);
  }
  return bytes;
}

/** Any bytes with damage. */
export function mutateBytes(random: Random, whole: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(whole);
  for (let times = 1 + Math.floor(random() * 4); times > 0 && bytes.length > 0; times--) {
    const at = Math.floor(random() * bytes.length);
    const length = Math.floor(random() * 64);
    const kind = pick(random, ['flip', 'flip', 'cut', 'drop', 'repeat', 'noise'] as const);
    if (kind === 'flip') bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    else if (kind === 'cut') bytes = bytes.subarray(0, at);
    else if (kind === 'drop') bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 'repeat') bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    else for (let end = at; end < Math.min(at + length, bytes.length); end++) bytes[end] = Math.floor(random() * 256);
  }
  return bytes;
}
