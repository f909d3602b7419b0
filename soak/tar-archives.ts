import { createHash } from 'node:crypto';
import { pick } from './support.ts';

type Random = () => number;

interface Entry {
  name: string;
  type?: string;
  link?: string;
  body?: Uint8Array;
  /** Written instead of the body's size. */
  size?: string;
  mode?: string;
}

const BLOCK = 512;

function header({ name, type = '0', link = '', body, size, mode = '0000644' }: Entry): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name.slice(0, 100), 0);
  block.write(`${mode}\0`, 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(size ?? `${(body?.length ?? 0).toString(8).padStart(11, '0')}\0`, 124);
  block.write('14000000000\0', 136);
  block.write(type, 156);
  block.write(link.slice(0, 100), 157);
  block.write('ustar\x0000', 257, 'latin1');
  return sealed(block);
}

/** With the checksum that its bytes have. */
function sealed(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function archive(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const body = entry.body ?? new Uint8Array();
    return [header(entry), body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function pax(name: string, value: string): Entry {
  const line = ` ${name}=${value}\n`;
  let length = line.length + 1;
  while (String(length).length + line.length !== length) length = String(length).length + line.length;
  return { name: 'PaxHeaders/x', type: 'x', body: Buffer.from(`${length}${line}`) };
}

const PLAIN = ['a', 'b', 'c/d', 'd/e', 'd/f/g', './h', 'i/'];
const TYPES = ['1', '3', '4', '6', '7', 'g', 'L', 'K', 'S', 'x', 'Z', '\0'];

/** Names that try to get out, or are no names. */
const NAMES = ['a', 'd/b', './c', '../x', '/abs', 'd/../../../x', '.', '..', '', 'a/', 'é', '\x01', 'd//e', 'Dockerfile', '.wh.a', '.wh..wh..opq', '.wh...', 'l/x', 'l/../x', '.wh..wh.plnk/1']; // prettier-ignore

/** How often an archive has hostile parts at all. */
const HOSTILE = 0.6;

/** A file system with ordinary and with hostile entries; the hostile ones aim at `outside`. */
export function layerTar(random: Random, outside: string): Buffer {
  const isHostile = random() < HOSTILE;
  const up = '../'.repeat(12);
  const names = [...NAMES, `${up}${outside}/x`, `${outside}/y`];
  const targets = isHostile ? ['a', 'd/b', '..', '/', outside, `${up}${outside}`, '/etc/passwd', 'l', '../../x', ''] : ['a', '/b', '../c']; // prettier-ignore
  const entries: Entry[] = [
    { name: 'Dockerfile', body: Buffer.from('FROM busybox\nCOPY . /all/\n') },
    { name: 'd/', type: '5', mode: '0000755' },
    { name: 'l', type: '2', link: pick(random, targets) },
  ];
  const count = 1 + Math.floor(random() * 12);
  for (let index = 0; index < count; index++) {
    if (isHostile && random() < 0.2) entries.push(randomPax(random, outside));
    const type = pick(random, isHostile && random() < 0.2 ? TYPES : ['0', '0', '2', '5']);
    const name = pick(random, isHostile && random() < 0.2 ? names : PLAIN);
    const body = Buffer.alloc(Math.floor(random() * 2000), 'x');
    entries.push({ name, type, link: pick(random, targets), ...('07xgLKSZ\0'.includes(type) && { body }) });
  }
  return archive(entries);
}

function randomPax(random: Random, outside: string): Entry {
  const [name, value] = pick(random, [
    ['path', `${outside}/z`],
    ['path', 'long/'.repeat(300)],
    ['path', ''],
    ['linkpath', outside],
    ['size', '99999999999999999999'],
    ['size', '-1'],
    ['size', 'x'],
    ['mtime', '1e999'],
    ['uid', '-5'],
    ['SCHILY.xattr.security.capability', '\0\0'],
    ['SCHILY.xattr.trusted.overlay.opaque', 'y'],
    ['SCHILY.xattr.', 'y'],
    ['GNU.sparse.map', '0,5,9'],
    ['GNU.sparse.realsize', '1000000000000'],
  ] as const);
  return pax(name, value);
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** An image archive whose parts do not always fit. */
export function saveTar(random: Random, outside: string): Buffer {
  const layer = layerTar(random, outside);
  const isHostile = random() < HOSTILE;
  // The first choice is always the one that fits.
  const choose = <T>(choices: readonly T[]): T => (isHostile ? pick(random, choices) : (choices[0] as T));
  const diffId = `sha256:${choose([digest(layer), digest(layer), digest(layer), 'x', '0'.repeat(64)])}`;
  const config = Buffer.from(
    JSON.stringify({
      architecture: choose<unknown>(['amd64', 'amd64', 'amd64', 7, null, '']),
      os: choose<unknown>(['linux', 'linux', null]),
      config: choose<unknown>([{}, {}, null, [], { Env: 'x' }, { Cmd: [1] }, { Labels: [] }]),
      rootfs: choose<unknown>([
        { type: 'layers', diff_ids: [diffId] },
        { type: 'layers', diff_ids: [diffId] },
        { type: 'layers', diff_ids: [diffId, diffId] },
        { diff_ids: {} },
        null,
      ]),
      history: choose<unknown>([[], [{}], null, 'x', [null]]),
    }),
  );
  const manifest = [
    {
      Config: choose<unknown>(['config.json', 'config.json', '../config.json', 5, null]),
      RepoTags: choose<unknown>([['fuzz:load'], ['fuzz:load'], null, 'x', ['../../x:1'], [7], ['A:B:C']]),
      Layers: choose<unknown>([['layer.tar'], ['layer.tar'], [], null, ['../layer.tar'], [1], ['l']]),
    },
  ];
  const text = choose([JSON.stringify(manifest), JSON.stringify(manifest), '[]', '{}', 'null', '[null]', '{', '']);
  return archive([
    { name: 'layer.tar', body: layer },
    { name: 'config.json', body: config },
    { name: 'l', type: '2', link: choose(['layer.tar', `${outside}/x`, 'l']) },
    { name: 'manifest.json', body: Buffer.from(text) },
  ]);
}

/** The archive with damage: changed bytes, with and without a checksum that fits; cut, doubled, moved and repeated pieces. */
export function mutate(random: Random, whole: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(whole);
  const position = (): number => Math.floor(random() * bytes.length);
  for (let times = 1 + Math.floor(random() * 4); times > 0; times--) {
    const kind = pick(random, ['flip', 'header', 'number', 'cut', 'double', 'drop'] as const);
    const block = Math.floor(position() / BLOCK) * BLOCK;
    if (bytes.length < BLOCK) return bytes;
    if (kind === 'flip') bytes[position()] = Math.floor(random() * 256);
    if (kind === 'cut') bytes = bytes.subarray(0, position());
    if (kind === 'double') bytes = Buffer.concat([bytes.subarray(0, block + BLOCK), bytes.subarray(block)]);
    if (kind === 'drop') bytes = Buffer.concat([bytes.subarray(0, block), bytes.subarray(block + BLOCK)]);
    const part = bytes.subarray(block, block + BLOCK);
    if (part.length < BLOCK || (kind !== 'header' && kind !== 'number')) continue;
    if (kind === 'header') part[Math.floor(random() * BLOCK)] = Math.floor(random() * 256);
    else part.write(pick(random, ['77777777777', '\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff', '-0000000001', '\xff'.repeat(12), '           ']), 124, 'latin1'); // prettier-ignore
    sealed(part);
  }
  return bytes;
}
