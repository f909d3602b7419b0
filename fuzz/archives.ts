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
