import type { PlacedLayer } from '#engine/images/layer-bytes.ts';
import { siblingRepositories } from '#engine/images/sibling-repositories.ts';
import { UnavailableError, BerthError, CancelledError } from '#lib/errors.ts';
import { createTurns } from '#lib/turns.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { canonicalName, familiarName, type Reference } from '#oci/reference.ts';
import { openRepository, type Repository } from '#registry/client/registry.ts';
import type { BuiltImage } from './built-image.ts';
import type { Composed } from './compose.ts';
import { type Delivery, within } from './exporting.ts';
import type { ImageOptions, StoreOptions } from './image-options.ts';
import type { LayerForm } from './layer-forms.ts';

/** The repositories that an image is pushed to. */
export interface PushTargets extends AsyncDisposable {
  /** Brings a layer to all of them. @returns how they have it */
  send: (layer: PlacedLayer, built: BuiltImage) => Promise<LayerForm>;
  /** Brings what is left; the names move last. */
  finish(composed: Composed): Promise<void>;
}

const UPLOADS_AT_A_TIME = 5;

interface Target {
  repository: Repository;
  names: readonly Reference[];
  title: string;
  /** Other repositories of its registry that may have the layers. */
  sources: readonly string[];
}

/** @throws {UnauthenticatedError} {PermissionDeniedError} {UnavailableError} {CancelledError} */
export async function openTargets(
  delivery: Delivery,
  options: ImageOptions,
  { isInsecure, isPushedByDigest }: StoreOptions,
): Promise<PushTargets> {
  await using resources = new AsyncDisposableStack();
  const targets: Target[] = [];
  for (const names of byRepository(options.names))
    targets.push(resources.use(await openTarget(delivery, names, isInsecure)));
  const held = resources.move();
  const turn = createTurns(UPLOADS_AT_A_TIME);
  const under = <T>(target: Target, work: () => Promise<T>): Promise<T> => explain(delivery, target, work);
  return {
    async send(layer, built) {
      // Compressed ahead of its turn, so that what is sent waits for nothing.
      const form = await chooseForm(delivery, { targets, layer, built }, options);
      using _ = await turn();
      for (const target of targets) await under(target, () => upload(delivery, target, form));
      return form;
    },
    async finish({ blobs, manifests, root }) {
      for (const target of targets)
        await within(delivery.vertex, `pushing manifest for ${target.title}@${root.digest}`, () =>
          under(target, async () => {
            for (const blob of blobs) await sendBytes(target, blob);
            for (const manifest of manifests) {
              const { digest } = manifest.descriptor;
              if (digest !== root.digest) await target.repository.putManifest({ ...manifest, reference: digest });
              else await putRoot(target, manifest, isPushedByDigest);
            }
          }),
        );
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function byRepository(names: readonly Reference[]): Reference[][] {
  const found = Map.groupBy(names, ({ domain, path }) => canonicalName({ domain, path }));
  return [...found.values()];
}

async function openTarget(
  { context, request, signal, sealed }: Delivery,
  names: readonly Reference[],
  isInsecure: boolean,
): Promise<Target & Disposable> {
  const [{ domain, path } = { domain: '', path: '' }] = names;
  const insecureRegistries = [...context.insecureRegistries(), ...(isInsecure ? [domain] : [])];
  const auth = await request.credentials(domain);
  const repository = openRepository({ domain, path }, 'pull,push', { auth, insecureRegistries, signal });
  const title = canonicalName({ domain, path });
  const diffIds = (await sealed()).flatMap(({ layers }) => layers.map(({ diffId }) => diffId));
  const sources = await siblingRepositories(context.images.context, { domain, path }, diffIds);
  return { repository, names, title, sources, [Symbol.dispose]: () => repository[Symbol.dispose]() };
}

/** A layer of the base stays as its registry has it, where all have it so already; the others are compressed. */
async function chooseForm(
  { forms }: Delivery,
  { targets, layer, built }: { targets: readonly Target[]; layer: PlacedLayer; built: BuiltImage },
  { compression, isForced }: ImageOptions,
): Promise<LayerForm> {
  const known = isForced ? undefined : built.known.get(layer.diffId);
  if (known !== undefined && (await allHave(targets, known)))
    return { descriptor: known, open: async () => (await forms.form(layer, compression)).open() };
  if (compression === undefined) return forms.form(layer, compression);
  return forms.remembered(layer, compression) ?? forms.form(layer, compression);
}

async function allHave(targets: readonly Target[], { digest }: Descriptor): Promise<boolean> {
  for (const target of targets) if (!(await isThere(target, digest))) return false;
  return true;
}

/** Asks, and lets the registry take it from a repository that may have it. */
async function isThere({ repository, sources }: Target, digest: Digest): Promise<boolean> {
  if ((await repository.headBlob(digest)) !== undefined) return true;
  for (const from of sources) if (await repository.mountBlob({ digest, from }).catch(() => false)) return true;
  return false;
}

const REPORT_MS = 100;

async function upload({ vertex, signal }: Delivery, target: Target, form: LayerForm): Promise<void> {
  const { repository } = target;
  const { digest, size } = form.descriptor;
  if (await isThere(target, digest)) return;
  const started = Date.now();
  const tell = (current: number, completed?: number): void =>
    vertex.status({
      id: `pushing layer ${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`,
      current,
      total: size,
      started,
      completed,
    });
  await repository.uploadBlob({ open: async () => counted(await form.open(), { tell, signal }), digest: () => digest });
  tell(size, Date.now());
}

async function* counted(
  bytes: AsyncIterable<Uint8Array>,
  { tell, signal }: { tell: (current: number) => void; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  let current = 0;
  let told = 0;
  for await (const chunk of bytes) {
    if (signal.aborted) throw new CancelledError('the push was cancelled', { cause: signal.reason });
    current += chunk.byteLength;
    yield chunk;
    if (Date.now() - told < REPORT_MS) continue;
    told = Date.now();
    tell(current);
  }
}

async function sendBytes({ repository }: Target, blob: { descriptor: Descriptor; bytes: Buffer }): Promise<void> {
  const { digest } = blob.descriptor;
  if ((await repository.headBlob(digest)) !== undefined) return;
  await repository.uploadBlob({ open: () => once(blob.bytes), digest: () => digest });
}

async function putRoot(
  { repository, names }: Target,
  root: { descriptor: Descriptor; bytes: Buffer },
  isByDigest: boolean,
): Promise<void> {
  const tags = isByDigest ? [] : names.flatMap(({ tag }) => (tag === undefined ? [] : [tag]));
  for (const reference of tags.length === 0 ? [root.descriptor.digest] : tags)
    await repository.putManifest({ ...root, reference });
}

/** Says which push it was that failed. */
async function explain<T>({ signal }: Delivery, { names }: Target, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw new CancelledError('the push was cancelled', { cause: error });
    if (!(error instanceof BerthError)) throw error;
    const [name] = names;
    const Kind = error.constructor as typeof UnavailableError;
    throw new Kind(`failed to push ${name === undefined ? '' : familiarName(name)}: ${error.message}`, {
      ...(error.why !== undefined && { why: error.why }),
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error,
    });
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
