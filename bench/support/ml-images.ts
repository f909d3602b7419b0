import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, mkdtempDisposable, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run } from '#lib/run.ts';

/** An image as `docker save` of Docker 28 writes it, with its layers beside it. */
interface MlImage {
  reference: string;
  /** Path of the docker-archive. */
  archive: string;
  /** Path of the tar of the layer that holds the packages. */
  layer: string;
}

/** Two builds of one ML image: the second has another version of one package, and the times of a rebuild. */
export interface MlImages {
  first: MlImage;
  second: MlImage;
}

const REQUIREMENTS = 'bench/support/ml-requirements.txt';
const CHANGED: readonly [string, string] = ['scikit-learn==1.5.2', 'scikit-learn==1.6.1'];
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
const CREATED = '2024-01-01T00:00:00Z';

/**
 * The images of the benchmark, made once: a Debian base with Python 3.9, for which torch from PyPI brings its CUDA libraries along, and one layer
 * of about 3 GB. They lie in BERTH_BENCH_CACHE (default /var/cache/berth-bench), 14 GB with the downloaded packages.
 */
export async function makeMlImages(peer: string): Promise<MlImages> {
  const cache = resolve(process.env['BERTH_BENCH_CACHE'] ?? '/var/cache/berth-bench');
  await mkdir(join(cache, 'wheels'), { recursive: true });
  const first = place(cache, 'first');
  const second = place(cache, 'second');
  if ((await isThere(first.archive)) && (await isThere(second.archive)) && (await isThere(first.layer)))
    return { first, second };
  const base = (await run([peer, 'base', 'bullseye'])).stdout.trim().split('\n').at(-1) ?? '';
  await using lower = await mkdtempDisposable(join(cache, 'base-'));
  await run(['tar', '-C', lower.path, '-xf', base]);
  const wanted = await readFile(REQUIREMENTS, 'utf8');
  for (const [image, text] of [
    [first, wanted],
    [second, wanted.replace(...CHANGED)],
  ] as const) {
    if (!(await isThere(image.layer))) await makeLayer(cache, lower.path, { text, target: image.layer });
    await makeArchive(base, image);
  }
  await rm(second.layer, { force: true });
  return { first, second };
}

function place(cache: string, name: string): MlImage {
  return {
    reference: `bench/ml:${name}`,
    archive: join(cache, `${name}.docker.tar`),
    layer: join(cache, `${name}.layer.tar`),
  };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Installs the packages over the base with its own pip, and packs what came about as Docker packs a layer: PAX where a time has a fraction. */
async function makeLayer(cache: string, base: string, layer: { text: string; target: string }): Promise<void> {
  await using work = await mkdtempDisposable(join(cache, 'work-'));
  const [upper, inner, root] = ['upper', 'inner', 'root'].map((name) => join(work.path, name)) as [
    string,
    string,
    string,
  ];
  const wheels = join(cache, 'wheels');
  for (const folder of [upper, inner, root]) await mkdir(folder);
  await using mounts = new AsyncDisposableStack();
  await run(['mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${base},upperdir=${upper},workdir=${inner}`, root]);
  mounts.defer(async () => void (await run(['umount', root])));
  await run(['mount', '--bind', wheels, join(root, 'mnt')]);
  mounts.defer(async () => void (await run(['umount', join(root, 'mnt')])));
  await copyFile('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  await copyFile(CERTIFICATES, join(wheels, 'certificates.crt'));
  await writeFile(join(wheels, 'requirements.txt'), layer.text);
  const env = { PATH, HOME: '/tmp', PIP_CERT: '/mnt/certificates.crt' };
  const pip = ['chroot', root, 'python3', '-m', 'pip'] as const;
  const common = ['-q', '--no-cache-dir', '-r', '/mnt/requirements.txt'];
  await run([...pip, 'download', '-d', '/mnt', '--no-deps', '--only-binary=:all:', ...common], { env });
  await run([...pip, 'install', '--no-index', '--find-links', '/mnt', '--no-deps', ...common], { env });
  const pax = ['--format=pax', '--pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f'];
  const owner = ['--sort=name', '--numeric-owner'];
  await run(['tar', '-C', upper, ...pax, ...owner, '-cf', `${layer.target}.new`, 'usr']);
  await rename(`${layer.target}.new`, layer.target);
}

/** Writes the archive of two layers: base and packages. */
async function makeArchive(base: string, image: MlImage): Promise<void> {
  await using work = await mkdtempDisposable(`${image.archive}-`);
  const blobs = join(work.path, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const layers: Descriptor[] = [];
  for (const source of [base, image.layer]) layers.push(await addLayer(blobs, source));
  const config = await addDocument(blobs, 'application/vnd.oci.image.config.v1+json', configOf(layers));
  const manifest = await addDocument(blobs, 'application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers,
  });
  const [repository = '', tag = ''] = image.reference.split(':');
  const pathOf = ({ digest }: Descriptor): string => `blobs/sha256/${digest.slice('sha256:'.length)}`;
  const annotations = {
    'io.containerd.image.name': `docker.io/${image.reference}`,
    'org.opencontainers.image.ref.name': tag,
  };
  const documents: Record<string, unknown> = {
    'index.json': {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ ...manifest, annotations }],
    },
    'manifest.json': [
      {
        Config: pathOf(config),
        RepoTags: [image.reference],
        Layers: layers.map(pathOf),
        LayerSources: Object.fromEntries(layers.map((layer) => [layer.digest, layer])),
      },
    ],
    'oci-layout': { imageLayoutVersion: '1.0.0' },
    repositories: { [repository]: { [tag]: layers.at(-1)?.digest.slice('sha256:'.length) } },
  };
  for (const [name, value] of Object.entries(documents)) await writeFile(join(work.path, name), JSON.stringify(value));
  const stable = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--format=ustar'];
  const target = `${image.archive}.new`;
  await run(['tar', '-C', work.path, '--dereference', ...stable, '-cf', target, 'blobs', ...Object.keys(documents)]);
  await rename(target, image.archive);
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

function configOf(layers: readonly Descriptor[]): unknown {
  return {
    architecture: 'amd64',
    os: 'linux',
    created: CREATED,
    config: { Env: [`PATH=${PATH}`, 'LANG=C.UTF-8'], Cmd: ['python3'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    history: ['base', 'packages'].map((name) => ({ created: CREATED, created_by: name })),
  };
}

async function addLayer(blobs: string, source: string): Promise<Descriptor> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(source, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  const hex = hash.digest('hex');
  await run(['ln', '-s', source, join(blobs, hex)]);
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${hex}`, size };
}

async function addDocument(blobs: string, mediaType: string, value: unknown): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(value));
  const hex = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(blobs, hex), bytes);
  return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
}
