/** What of a package's header is of use; texts are those of the first language. */
export interface RpmHeader {
  name?: string;
  version?: string;
  release?: string;
  epoch?: number;
  arch?: string;
  license?: string;
  vendor?: string;
  source?: string;
}

const TEXTS = new Map<number, Exclude<keyof RpmHeader, 'epoch'>>([
  [1000, 'name'],
  [1001, 'version'],
  [1002, 'release'],
  [1011, 'vendor'],
  [1014, 'license'],
  [1022, 'arch'],
  [1044, 'source'],
]);
const EPOCH = 1003;
const INT32 = 4;
const STRING = 6;
const I18N_STRING = 9;
const ENTRY_BYTES = 16;

/** A header as the database keeps it: two counts, an index, a store (rpm, package format). Broken pieces count as absent. */
export function readRpmHeader(bytes: Buffer): RpmHeader {
  const header: RpmHeader = {};
  if (bytes.length < 8) return header;
  const count = bytes.readUInt32BE(0);
  const start = 8 + count * ENTRY_BYTES;
  if (start > bytes.length) return header;
  const store = bytes.subarray(start);
  for (let index = 0; index < count; index++) {
    const at = 8 + index * ENTRY_BYTES;
    const [tag, type, offset] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8)];
    const field = TEXTS.get(tag);
    if (field !== undefined && (type === STRING || type === I18N_STRING)) {
      const text = textAt(store, offset);
      if (text !== '') header[field] = text;
    } else if (tag === EPOCH && type === INT32 && offset + 4 <= store.length) header.epoch = store.readUInt32BE(offset);
  }
  return header;
}

function textAt(store: Buffer, offset: number): string {
  if (offset >= store.length) return '';
  const end = store.indexOf(0, offset);
  return store.toString('utf8', offset, end < 0 ? store.length : end);
}
