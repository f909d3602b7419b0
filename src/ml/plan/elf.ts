/** What a shared library or program says of the libraries that it loads. */
export interface ElfDynamic {
  soname: string | undefined;
  /** `DT_NEEDED`, in its order. */
  needed: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NULL = 0;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_SONAME = 14;
const MAX_ENTRIES = 4096;
const MAX_NAME = 4096;

/** Reads the dynamic section of an ELF file of 64 bits in little endian (System V ABI, chapter 5); undefined for anything else. */
export function readElf(bytes: Uint8Array): ElfDynamic | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return undefined;
  try {
    const segments = segmentsOf(view);
    const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
    if (dynamic === undefined) return { soname: undefined, needed: [] };
    const entries = entriesOf(view, dynamic);
    const table = entries.find(({ tag }) => tag === DT_STRTAB);
    const start = table === undefined ? undefined : placeOf(segments, table.value);
    if (start === undefined) return undefined;
    const name = (offset: number): string => textAt(bytes, start + offset);
    const soname = entries.find(({ tag }) => tag === DT_SONAME);
    return {
      soname: soname === undefined ? undefined : name(soname.value),
      needed: entries.filter(({ tag }) => tag === DT_NEEDED).map(({ value }) => name(value)),
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined; // its headers point outside of it
    throw error;
  }
}

interface Segment {
  type: number;
  offset: number;
  address: number;
  bytes: number;
}

function segmentsOf(view: DataView): Segment[] {
  const [start, size, count] = [number64(view, 0x20), view.getUint16(0x36, true), view.getUint16(0x38, true)];
  return Array.from({ length: count }, (_, index) => start + index * size).map((at) => ({
    type: view.getUint32(at, true), offset: number64(view, at + 8), address: number64(view, at + 16), bytes: number64(view, at + 32),
  }));
} // prettier-ignore

function entriesOf(view: DataView, { offset, bytes }: Segment): { tag: number; value: number }[] {
  const entries: { tag: number; value: number }[] = [];
  const end = offset + Math.min(bytes, MAX_ENTRIES * 16);
  for (let at = offset; at + 16 <= end; at += 16) {
    const entry = { tag: number64(view, at), value: number64(view, at + 8) };
    if (entry.tag === DT_NULL) break;
    entries.push(entry);
  }
  return entries;
}

function placeOf(segments: readonly Segment[], address: number): number | undefined {
  const segment = segments.find(
    ({ type, address: first, bytes }) => type === PT_LOAD && address >= first && address < first + bytes,
  );
  return segment === undefined ? undefined : segment.offset + address - segment.address;
}

/** Values beyond 2⁵³ are no places in a file. */
function number64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function textAt(bytes: Uint8Array, start: number): string {
  const end = bytes.indexOf(0, start);
  if (start >= bytes.length || end < 0 || end - start > MAX_NAME) throw new RangeError('the name ends outside of the file');
  return new TextDecoder().decode(bytes.subarray(start, end));
} // prettier-ignore
