import { type ByteReader, EndOfFile, takeNumber, textOf } from './bytes.ts';

/** A value of a pickle as far as it can be known without running anything. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | { kind: 'bytes'; length: number }
  | { kind: 'global'; module: string; name: string }
  /** What a call of `callable` would give; `state` is handed to it afterwards. */
  | { kind: 'object'; callable: PickleValue; args: PickleValue; state: PickleValue }
  | { kind: 'list'; items: PickleValue[] }
  | { kind: 'dict'; pairs: [PickleValue, PickleValue][] }
  | { kind: 'persistent'; id: PickleValue };

export interface Pickle {
  protocol: number;
  /** `module name`, each once, in their order. */
  globals: readonly { module: string; name: string }[];
  value: PickleValue;
  /** Why reading ended early. */
  problem: string | undefined;
}

const MAX_STEPS = 500_000;
const MAX_TEXT_BYTES = 64 * 1024;
/** Containers keep so many items; the others are counted as read. */
const MAX_ITEMS = 20_000;
const MARK = Symbol('mark');

type Slot = PickleValue | typeof MARK;

interface Machine {
  reader: ByteReader;
  stack: Slot[];
  memo: Map<number, Slot>;
  globals: Map<string, { module: string; name: string }>;
  protocol: number;
  /** Instructions so far, those of pickles inside of it included. */
  steps: { count: number };
}

/**
 * Follows the instructions of a pickle (protocols 0 to 5, PEP 307, PEP 3154, PEP 574) over stand-ins: what it would call is noted, and nothing
 * is called. Arrays that joblib puts between the instructions are jumped over.
 */
export async function readPickle(reader: ByteReader): Promise<Pickle> {
  const machine: Machine = { reader, stack: [], memo: new Map(), globals: new Map(), protocol: 0, steps: { count: 0 } };
  let problem: string | undefined;
  try {
    await runMachine(machine);
  } catch (error) {
    if (!(error instanceof EndOfFile)) throw error;
    problem = error.message;
  }
  const value = machine.stack.findLast((slot) => slot !== MARK) ?? null;
  return { protocol: machine.protocol, globals: [...machine.globals.values()], value, problem };
}

async function runMachine(machine: Machine): Promise<void> {
  for (; machine.steps.count < MAX_STEPS; machine.steps.count++) {
    const opcode = (await machine.reader.take(1))[0] ?? 0;
    if (opcode === 0x2e) return;
    const act = OPCODES.get(opcode);
    if (act === undefined) throw new EndOfFile(`no instruction of a pickle: 0x${opcode.toString(16)}`);
    await act(machine);
  }
  throw new EndOfFile('more instructions than are looked at');
}

type Act = (machine: Machine) => void | Promise<void>;

function push({ stack }: Machine, value: Slot): void {
  if (stack.length >= MAX_STEPS) throw new EndOfFile('more values than are looked at');
  stack.push(value);
}

function pop({ stack }: Machine): PickleValue {
  const value = stack.pop();
  if (value === undefined || value === MARK) throw new EndOfFile('an instruction lacks its values');
  return value;
}

function top({ stack }: Machine): PickleValue {
  const value = stack.at(-1);
  if (value === undefined || value === MARK) throw new EndOfFile('an instruction lacks its values');
  return value;
}

function popToMark({ stack }: Machine): PickleValue[] {
  const at = stack.lastIndexOf(MARK);
  if (at === -1) throw new EndOfFile('an instruction lacks its mark');
  const values = stack.splice(at).slice(1);
  return values.filter((value) => value !== MARK);
}

/** Up to a line's end, without it. */
async function line({ reader }: Machine): Promise<string> {
  const ahead = await reader.peek(Math.min(MAX_TEXT_BYTES, reader.size - reader.position));
  const end = ahead.indexOf(10);
  if (end === -1) throw new EndOfFile('a line without an end');
  const written = textOf(ahead.subarray(0, end));
  reader.seek(reader.position + end + 1);
  return written;
}

function text(lengthBytes: 1 | 4 | 8): Act {
  return async (machine) => {
    const { reader } = machine;
    const length = await takeNumber(reader, lengthBytes);
    const kept = await reader.take(Math.min(length, MAX_TEXT_BYTES));
    if (length > MAX_TEXT_BYTES) reader.seek(reader.position + length - MAX_TEXT_BYTES);
    push(machine, textOf(kept));
  };
}

function blob(lengthBytes: 1 | 4 | 8): Act {
  return async (machine) => {
    const { reader } = machine;
    const length = await takeNumber(reader, lengthBytes);
    reader.seek(reader.position + length);
    push(machine, { kind: 'bytes', length });
  };
}

/** Two's complement, little-endian; large ones lose their last digits. */
function long(lengthBytes: 1 | 4): Act {
  return async (machine) => {
    const bytes = await machine.reader.take(await takeNumber(machine.reader, lengthBytes));
    const unsigned = bytes.reduceRight((value, byte) => value * 256 + byte, 0);
    push(machine, (bytes.at(-1) ?? 0) >= 128 ? unsigned - 256 ** bytes.length : unsigned);
  };
}

function constant(value: PickleValue): Act {
  return (machine) => push(machine, value);
}

function tuple(count: number): Act {
  return (machine) => {
    const items = Array.from({ length: count }, () => pop(machine)).toReversed();
    push(machine, { kind: 'list', items });
  };
}

function fresh(kind: 'list' | 'dict'): Act {
  return (machine) => push(machine, kind === 'list' ? { kind, items: [] } : { kind, pairs: [] });
}

function global(machine: Machine, module: string, name: string): void {
  machine.globals.set(`${module} ${name}`, { module, name });
  push(machine, { kind: 'global', module, name });
}

function call(machine: Machine, callable: PickleValue, args: PickleValue): void {
  push(machine, { kind: 'object', callable, args, state: null });
}

function append(machine: Machine, values: readonly PickleValue[]): void {
  const target = top(machine);
  if (target !== null && typeof target === 'object' && target.kind === 'list' && target.items.length < MAX_ITEMS)
    target.items.push(...values.slice(0, MAX_ITEMS));
}

function set(machine: Machine, values: readonly PickleValue[]): void {
  const target = top(machine);
  const pairs = pairsOf(values);
  if (target === null || typeof target !== 'object') return;
  if (target.kind === 'dict' && target.pairs.length < MAX_ITEMS) target.pairs.push(...pairs.slice(0, MAX_ITEMS));
  // An OrderedDict and its like: what is set counts as its state.
  if (target.kind === 'object' && target.state === null) target.state = { kind: 'dict', pairs: pairs.slice(0, MAX_ITEMS) };
} // prettier-ignore

function pairsOf(values: readonly PickleValue[]): [PickleValue, PickleValue][] {
  return Array.from({ length: Math.floor(values.length / 2) }, (_, index): [PickleValue, PickleValue] => [
    values[2 * index] ?? null,
    values[2 * index + 1] ?? null,
  ]);
}

async function build(machine: Machine): Promise<void> {
  const state = pop(machine);
  const target = top(machine);
  if (target !== null && typeof target === 'object' && target.kind === 'object') {
    target.state = state;
    if (isArrayOfJoblib(target.callable, target.args)) await skipArray(machine, state);
  }
}

function isArrayOfJoblib(callable: PickleValue, args: PickleValue): boolean {
  const all = [callable, ...(args !== null && typeof args === 'object' && args.kind === 'list' ? args.items : [])];
  return all.some(
    (value) =>
      value !== null &&
      typeof value === 'object' &&
      value.kind === 'global' &&
      value.module === 'joblib.numpy_pickle' &&
      value.name === 'NumpyArrayWrapper',
  );
}

/** joblib writes an array's bytes right behind the object that announces it, aligned if it says so; one of objects is a pickle of its own. */
async function skipArray(machine: Machine, state: PickleValue): Promise<void> {
  const { reader } = machine;
  const type = dtypeName(entryOf(state, 'dtype'));
  const shape = entryOf(state, 'shape');
  const sizes = shape !== null && typeof shape === 'object' && shape.kind === 'list' ? shape.items : [];
  if (type.startsWith('O')) {
    const inner: Machine = { ...machine, stack: [], memo: new Map() };
    await runMachine(inner);
    return;
  }
  const itemBytes = Number(/\d+$/.exec(type)?.[0] ?? Number.NaN) * (type.startsWith('U') ? 4 : 1);
  const count = sizes.reduce<number>((product, size) => product * Number(size), 1);
  if (!Number.isSafeInteger(itemBytes * count)) throw new EndOfFile('an array of a type that is not known');
  if (typeof entryOf(state, 'numpy_array_alignment_bytes') === 'number') {
    const padding = await takeNumber(reader, 1);
    reader.seek(reader.position + padding);
  }
  reader.seek(reader.position + itemBytes * count);
}

/** `f8` of `numpy.dtype('f8', …)`; empty if it is none. */
function dtypeName(value: PickleValue): string {
  if (value === null || typeof value !== 'object' || value.kind !== 'object') return '';
  const { args } = value;
  const first = args !== null && typeof args === 'object' && args.kind === 'list' ? args.items[0] : undefined;
  return typeof first === 'string' ? first.replace(/^[<>|=]/, '') : '';
}

/** What a dict, or an object's state, holds under a name; null if nothing. */
export function entryOf(value: PickleValue, key: string): PickleValue {
  if (value === null || typeof value !== 'object') return null;
  if (value.kind === 'object') return entryOf(value.state, key);
  // Protocol 2 gives (state, slots).
  if (value.kind === 'list') return value.items.map((item) => entryOf(item, key)).find((found) => found !== null) ?? null; // prettier-ignore
  return value.kind === 'dict' ? (value.pairs.findLast(([name]) => name === key)?.[1] ?? null) : null;
}

const encoder = (value: string): number => value.codePointAt(0) ?? 0;

const OPCODES: ReadonlyMap<number, Act> = new Map<number, Act>([
  [0x80, async (machine) => void (machine.protocol = await takeNumber(machine.reader, 1))],
  [0x95, async ({ reader }) => void (await takeNumber(reader, 8))],
  // Values.
  [encoder('N'), constant(null)],
  [0x88, constant(true)],
  [0x89, constant(false)],
  [encoder('K'), async (machine) => push(machine, await takeNumber(machine.reader, 1))],
  [encoder('M'), async (machine) => push(machine, await takeNumber(machine.reader, 2))],
  [encoder('J'), async (machine) => push(machine, (await takeNumber(machine.reader, 4)) | 0)],
  [encoder('I'), async (machine) => push(machine, lineNumber(await line(machine)))],
  [encoder('L'), async (machine) => push(machine, Number.parseInt(await line(machine), 10))],
  [encoder('F'), async (machine) => push(machine, Number(await line(machine)))],
  [encoder('G'), double],
  [0x8a, long(1)],
  [0x8b, long(4)],
  [encoder('S'), async (machine) => push(machine, (await line(machine)).slice(1, -1))],
  [encoder('V'), async (machine) => push(machine, await line(machine))],
  [encoder('X'), text(4)],
  [0x8c, text(1)],
  [0x8d, text(8)],
  [encoder('U'), text(1)],
  [encoder('T'), text(4)],
  [encoder('C'), blob(1)],
  [encoder('B'), blob(4)],
  [0x8e, blob(8)],
  [0x96, blob(8)],
  [0x97, constant({ kind: 'bytes', length: 0 })],
  [0x98, () => undefined],
  // Containers.
  [encoder('('), (machine) => push(machine, MARK)],
  [encoder(')'), tuple(0)],
  [0x85, tuple(1)],
  [0x86, tuple(2)],
  [0x87, tuple(3)],
  [encoder('t'), (machine) => push(machine, { kind: 'list', items: popToMark(machine) })],
  [encoder(']'), fresh('list')],
  [encoder('}'), fresh('dict')],
  [0x8f, fresh('list')],
  [encoder('l'), (machine) => push(machine, { kind: 'list', items: popToMark(machine) })],
  [0x91, (machine) => push(machine, { kind: 'list', items: popToMark(machine) })],
  [encoder('d'), (machine) => push(machine, { kind: 'dict', pairs: pairsOf(popToMark(machine)) })],
  [encoder('a'), (machine) => append(machine, [pop(machine)])],
  [encoder('e'), (machine) => append(machine, popToMark(machine))],
  [0x90, (machine) => append(machine, popToMark(machine))],
  [encoder('s'), (machine) => set(machine, [pop(machine), pop(machine)].toReversed())],
  [encoder('u'), (machine) => set(machine, popToMark(machine))],
  // The stack and the memo.
  [encoder('0'), (machine) => void machine.stack.pop()],
  [encoder('1'), (machine) => void popToMark(machine)],
  [encoder('2'), (machine) => push(machine, top(machine))],
  [encoder('p'), async (machine) => void machine.memo.set(Number(await line(machine)), top(machine))],
  [encoder('q'), async (machine) => void machine.memo.set(await takeNumber(machine.reader, 1), top(machine))],
  [encoder('r'), async (machine) => void machine.memo.set(await takeNumber(machine.reader, 4), top(machine))],
  [0x94, (machine) => void machine.memo.set(machine.memo.size, top(machine))],
  [encoder('g'), async (machine) => push(machine, machine.memo.get(Number(await line(machine))) ?? null)],
  [encoder('h'), async (machine) => push(machine, machine.memo.get(await takeNumber(machine.reader, 1)) ?? null)],
  [encoder('j'), async (machine) => push(machine, machine.memo.get(await takeNumber(machine.reader, 4)) ?? null)],
  // What would be looked up and called.
  [encoder('c'), async (machine) => global(machine, await line(machine), await line(machine))],
  [0x93, stackGlobal],
  [encoder('R'), (machine) => callTop(machine)],
  [0x81, (machine) => callTop(machine)],
  [0x92, newWithNames],
  [encoder('o'), objectOfMark],
  [encoder('i'), instance],
  [encoder('b'), build],
  [encoder('P'), async (machine) => push(machine, { kind: 'persistent', id: await line(machine) })],
  [encoder('Q'), (machine) => push(machine, { kind: 'persistent', id: pop(machine) })],
  [0x82, async (machine) => extension(machine, 1)],
  [0x83, async (machine) => extension(machine, 2)],
  [0x84, async (machine) => extension(machine, 4)],
]);

/** Protocol 0 writes truth as `01` and `00`. */
function lineNumber(written: string): number | boolean {
  return written === '01' ? true : written === '00' ? false : Number.parseInt(written, 10);
}

async function double(machine: Machine): Promise<void> {
  const bytes = await machine.reader.take(8);
  push(machine, new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0));
}

function stackGlobal(machine: Machine): void {
  const [name, module] = [pop(machine), pop(machine)];
  if (typeof name !== 'string' || typeof module !== 'string') throw new EndOfFile('a name that is no text');
  global(machine, module, name);
}

function callTop(machine: Machine): void {
  const args = pop(machine);
  call(machine, pop(machine), args);
}

function newWithNames(machine: Machine): void {
  pop(machine);
  callTop(machine);
}

function objectOfMark(machine: Machine): void {
  const [callable = null, ...items] = popToMark(machine);
  call(machine, callable, { kind: 'list', items });
}

async function instance(machine: Machine): Promise<void> {
  const [module, name] = [await line(machine), await line(machine)];
  const items = popToMark(machine);
  global(machine, module, name);
  call(machine, pop(machine), { kind: 'list', items });
}

async function extension(machine: Machine, bytes: 1 | 2 | 4): Promise<void> {
  global(machine, 'copyreg', `extension ${await takeNumber(machine.reader, bytes)}`);
}
