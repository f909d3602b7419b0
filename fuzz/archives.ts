import { createHash } from 'node:crypto';
import { pick } from '../soak/support.ts';
import { layerCases } from '../test/hostile/all-cases.ts';
import { dockerCases } from '../test/hostile/image-cases.ts';
import { layoutCases, legacyCases } from '../test/hostile/layout-cases.ts';
import { entry, pax, type RawEntry, tar } from '../test/hostile/raw-tar.ts';

type Random = () => number;

const PLAIN = ['a', 'b', 'c/d', 'd/e', 'd/f/g', './h', 'i/'];
const TYPES = ['1', '3', '4', '6', '7', 'g', 'L', 'K', 'S', 'x', 'Z', '\0'];

/** Names that try to get out, or are no names. */
const NAMES = ['a', 'd/b', './c', '../x', '/abs', 'd/../../../x', '.', '..', '', 'a/', 'é', '\x01', 'd//e', 'Dockerfile', '.wh.a', '.wh..wh..opq', '.wh...', 'l/x', 'l/../x', '.wh..wh.plnk/1']; // prettier-ignore

/** How often an archive has hostile parts at all. */
const HOSTILE = 0.6;

/** Larger ones say nothing more when they are changed. */
const CORPUS_LIMIT_BYTES = 100_000;

const layers = new Map<string, Buffer[]>();

/** One of the corpus of hostile layers. */
export function corpusTar(random: Random, outside: string): Buffer {
  const made = layers.get(outside) ?? small(layerCases(outside).map((each) => each.tar));
  layers.set(outside, made);
  return pick(random, made);
}

const images = new Map<string, Buffer[]>();

/** One of the corpus of hostile image archives. */
export function corpusImage(random: Random, outside: string): Buffer {
  const made = images.get(outside) ?? small([...dockerCases(outside), ...legacyCases(), ...layoutCases()].map((each) => each.archive)); // prettier-ignore
  images.set(outside, made);
  return pick(random, made);
}

function small(archives: readonly Buffer[]): Buffer[] {
  return archives.filter((bytes) => bytes.length <= CORPUS_LIMIT_BYTES);
}

const POOL = 12;
const SIZES = [16_384, 16_385, 40_000, 65_536, 100_001, 300_000, 1_100_000, 2_500_000];

/** The same bytes for the same number, and for no other. */
function contentOf(index: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = index + 1;
  for (let at = 0; at + 4 <= size; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
}

/** A layer of larger files that other layers have as well, some of them a little changed: enough for threads, and for deduplication. */
export function sharedTar(random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let count = 2 + Math.floor(random() * 5); count > 0; count--) {
    const index = Math.floor(random() * POOL);
    const name = `shared/${index}`;
    const body = contentOf(index, SIZES[index % SIZES.length] ?? 0);
    if (random() < 0.3) body.fill(7, Math.floor(random() * body.length));
    parts.push(
      entry({ name: random() < 0.1 ? `other/${index}` : name, body: random() < 0.1 ? body.subarray(0, -1) : body }),
    );
    if (random() < 0.1) parts.push(entry({ name: `link${index}`, type: '1', link: name }));
    if (random() < 0.1) parts.push(pax({ path: `long/${'n'.repeat(150)}` }));
  }
  return tar(...parts, entry({ name: 'last', body: 'last' }));
}

/** A file system with ordinary and with hostile entries; the hostile ones aim at `outside`. */
export function layerTar(random: Random, outside: string): Buffer {
  const isHostile = random() < HOSTILE;
  const up = '../'.repeat(12);
  const names = [...NAMES, `${up}${outside}/x`, `${outside}/y`];
  const targets = isHostile ? ['a', 'd/b', '..', '/', outside, `${up}${outside}`, '/etc/passwd', 'l', '../../x', ''] : ['a', '/b', '../c']; // prettier-ignore
  const entries: (RawEntry | Buffer)[] = [
    { name: 'Dockerfile', body: Buffer.from('FROM busybox\nCOPY . /all/\n') },
    { name: 'd/', type: '5', mode: 0o755 },
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
  return tar(...entries.map((each) => (Buffer.isBuffer(each) ? each : entry(each))));
}

function randomPax(random: Random, outside: string): Buffer {
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
  return pax({ [name]: value });
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
  return tar(
    entry({ name: 'layer.tar', body: layer }),
    entry({ name: 'config.json', body: config }),
    entry({ name: 'l', type: '2', link: choose(['layer.tar', `${outside}/x`, 'l']) }),
    entry({ name: 'manifest.json', body: text }),
  );
}
