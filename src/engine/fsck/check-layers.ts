import { join } from 'node:path';
import type { FsckKind } from '#api/fsck.ts';
import { createLayerRecords, type StoredLayer } from '#engine/layers/records.ts';
import { restoreLayer } from '#engine/layers/verify/restore-layer.ts';
import { type LayerFault, type LayerPlaces, verifyLayer } from '#engine/layers/verify/verify-layer.ts';
import type { Digest } from '#oci/digest.ts';
import { type Check, type CheckDeps, type Step, tell } from './check.ts';

const AGAIN = 'load, pull or build the images again';

/** A layer that is not as it should be, with its record as it was when that was found. */
interface Faulty {
  layer: StoredLayer;
  fault: LayerFault;
}

/** Every layer's file against its record, its checksums and its digest. */
export async function* checkLayers(check: Check): AsyncGenerator<Step> {
  yield { phase: 'layers' };
  const { database, dataRoot } = check.deps;
  const places: LayerPlaces = { root: join(dataRoot, 'layers'), records: createLayerRecords(database) };
  const faulty = new Map<Digest, Faulty>();
  for (const layer of places.records.list()) {
    // Being hashed by the engine itself, after a power cut.
    if (layer.state === 'unproven') continue;
    yield { phase: `layer ${layer.diffId.slice(7, 19)}` };
    const fault = yield* look(check, places, layer);
    // Replaced or removed while it was read, or become a donor, of which parts go.
    const { file, state } = places.records.find(layer.diffId) ?? {};
    const isStill = file === layer.file && (state === 'donor') === (layer.state === 'donor');
    if (fault !== undefined && isStill) faulty.set(layer.diffId, { layer, fault });
  }
  for (const one of faulty.values()) yield await tellLayer(check, places, { one, faulty });
}

async function* look(
  check: Check,
  places: LayerPlaces,
  layer: StoredLayer,
): AsyncGenerator<Step, LayerFault | undefined> {
  if (layer.state === 'damaged') return { part: 'content', why: 'it was found to be damaged before' };
  const verifying = verifyLayer(places, layer, check.options);
  for (;;) {
    const { value, done } = await verifying.next();
    if (done === true) return value;
    yield { read: value };
  }
}

interface Found {
  one: Faulty;
  faulty: ReadonlyMap<Digest, Faulty>;
}

/** What is told of a fault, and what mends it. */
interface Judgement {
  kind: FsckKind;
  what: string;
  /** Says more than the fault itself. */
  why?: string;
  fix: string;
  mend?: () => Promise<string> | string;
}

async function tellLayer(check: Check, places: LayerPlaces, { one, faulty }: Found): Promise<Step> {
  const { layer, fault } = one;
  const { mend, ...told } = await judge(check, places, { one, faulty });
  return tell(
    check,
    { subject: layer.diffId, why: fault.why, images: check.uses.ofLayer(layer.diffId), ...told },
    mend,
  );
}

async function judge({ deps, uses }: Check, places: LayerPlaces, { one, faulty }: Found): Promise<Judgement> {
  const { layer, fault } = one;
  const { diffId } = layer;
  const { recipe, why } = fault;
  if (recipe !== undefined)
    return {
      kind: 'layer-index',
      what: `the index of layer ${diffId} is damaged; its tar is whole`,
      fix: 'run `berth fsck --repair`, which makes the index again',
      async mend() {
        await restoreLayer(deps.layers, layer, { recipe, why });
        return 'the index was made again from the tar';
      },
    };
  if (layer.state === 'damaged')
    return { kind: 'layer-state', what: `layer ${diffId} is damaged, and is not taken for whole`, fix: AGAIN };
  const isUsed = uses.ofLayer(diffId).length > 0 || places.records.dependents(diffId).length > 0;
  if (fault.part === 'missing' && !isUsed && !(await hasSnapshot(deps, diffId)))
    return {
      kind: 'layer-file',
      what: `layer ${diffId} has no file, and nothing uses it`,
      fix: 'run `berth fsck --repair`, which removes its record',
      async mend() {
        await deps.layers.remove(diffId);
        return 'its record was removed';
      },
    };
  return judgeDamage(deps, places, { one, faulty });
}

function judgeDamage({ layers }: CheckDeps, { records }: LayerPlaces, { one, faulty }: Found): Judgement {
  const { layer, fault } = one;
  const { diffId, donors } = layer;
  const broken = donors.find((donor) => faulty.has(donor));
  // One that is no layer any more has no digest to check it by.
  const old = donors.find((donor) => records.find(donor)?.state === 'donor');
  const isOfDonor = fault.part === 'donor' || broken !== undefined;
  const blamed = broken !== undefined ? `layer ${broken} is damaged` : fault.part === 'content' && old !== undefined ? `the damage is in its own file or in that of ${old}` : undefined; // prettier-ignore
  return {
    kind: fault.part === 'missing' ? 'layer-file' : isOfDonor ? 'layer-donor' : 'layer-content',
    what: isOfDonor ? `content that layer ${diffId} shares with another one is damaged` : `layer ${diffId} is damaged`,
    why: blamed === undefined ? fault.why : `${fault.why}; ${blamed}`,
    fix: `run \`berth fsck --repair\`, then ${AGAIN}`,
    mend() {
      layers.condemn(diffId, fault.why);
      return `it is marked as damaged, and its images are no longer listed; ${AGAIN}`;
    },
  };
}

async function hasSnapshot({ snapshots }: CheckDeps, diffId: Digest): Promise<boolean> {
  return (await snapshots.list()).some((snapshot) => snapshot.diffId === diffId);
}
