import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { BerthError } from '#lib/errors.ts';
import { fileBytesOf } from './format.ts';
import { type LayerFile, readLayerFile, readLayerHeader } from './layer-file.ts';
import type { LayerState } from './layer-store.ts';
import { discardFile, type LayersContext, pathOf } from './layers-context.ts';
import type { StoredLayer } from './records.ts';

type Context = Pick<LayersContext, 'root' | 'incoming' | 'records' | 'log' | 'settler' | 'witness'>;

/** Brings records and files together when the store is opened, however it was left. Reads no content. */
export async function checkAtStart(context: Context): Promise<void> {
  const names = (await readdir(context.root, { withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
  const known = new Set(context.records.list().map(({ file }) => file));
  adoptFiles(
    context,
    names.filter((name) => !known.has(name)),
  );
  for (const layer of context.records.list()) checkRecord(context, layer);
  for (const layer of context.records.list()) checkDonors(context, layer);
}

/** Makes records again for files without one. Those that refer to others come after those, however long the chain. */
function adoptFiles(context: Context, names: readonly string[]): void {
  let left = names.map((name) => ({ name, described: tryToRead(context, name) }));
  for (let before = -1; left.length !== before;) {
    before = left.length;
    left = left.filter(({ name, described }) => {
      if (described === undefined || !isWanted(context, described)) return true;
      adopt(context, name, described);
      return false;
    });
  }
  for (const { name } of left) {
    context.log.info('a file that is no layer any more was removed', { file: name });
    discardFile(context, name);
  }
}

function tryToRead(context: Context, name: string): LayerFile | undefined {
  try {
    return readLayerFile(pathOf(context, { file: name }));
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}

/**
 * A file of which there is another one in order is what was replaced by that. But if the other one was settling when the power went, the file is the
 * former one, which was on the disk. One without its donors cannot be read.
 */
function isWanted(context: Context, { header, trailer }: LayerFile): boolean {
  const existing = context.records.find(header.diffId);
  const isSettled = existing?.state !== 'settling' || existing.witness === context.witness;
  if (existing !== undefined && isSettled && whatIsWrong(context, existing) === undefined) return false;
  return trailer.donors.every((donor) => donor !== header.diffId && context.records.find(donor) !== undefined);
}

function adopt(context: Context, name: string, { header, trailer }: LayerFile): void {
  const { records, log, witness } = context;
  const existing = records.find(header.diffId);
  records.put({
    diffId: header.diffId,
    file: name,
    state: 'unproven',
    witness,
    tarBytes: header.tarBytes,
    contentBytes: trailer.contentBytes,
    diskBytes: statSync(pathOf(context, { file: name })).blocks * 512,
    donors: trailer.donors,
    needs: trailer.needs,
  });
  if (existing !== undefined) discardFile(context, existing.file);
  log.warn('the record of a layer was made again from its file', { layer: header.diffId, file: name });
}

function checkRecord(context: Context, layer: StoredLayer): void {
  const { records, settler, witness, log } = context;
  const wrong = whatIsWrong(context, layer);
  if (wrong === undefined) {
    if (layer.state !== 'settling') return;
    // While the machine and the mount last, what was written is what is read.
    if (layer.witness === witness) settler.settle(layer.diffId);
    else records.setState(layer.diffId, layer.file, 'unproven');
    return;
  }
  if (layer.state === 'damaged' || layer.state === 'donor') return;
  log.warn('a layer is damaged', { layer: layer.diffId, why: wrong });
  records.setState(layer.diffId, layer.file, 'damaged');
}

/** A layer whose donor is not in order may have lost content. */
function checkDonors(context: Context, layer: StoredLayer): void {
  if (!['settling', 'durable'].includes(layer.state)) return;
  const faulty = layer.donors.some((donor) => {
    const record = context.records.find(donor);
    return record === undefined || record.state === 'damaged' || whatIsWrong(context, record) !== undefined;
  });
  const state: LayerState = 'unproven';
  if (faulty) context.records.setState(layer.diffId, layer.file, state);
}

/** What a look at the file's size and header shows. */
function whatIsWrong(context: Context, layer: StoredLayer): string | undefined {
  try {
    const header = readLayerHeader(pathOf(context, layer));
    if (header.diffId !== layer.diffId) return 'its file holds another layer';
    return header.tarBytes === layer.tarBytes ? undefined : `its file has ${fileBytesOf(header)} bytes`;
  } catch (error) {
    if (error instanceof BerthError) return error.message;
    throw error;
  }
}
