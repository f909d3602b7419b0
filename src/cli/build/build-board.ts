import type { BuildLine } from '#api/build-order.ts';
import type { Finding } from '#dockerfile/lint/finding.ts';

/** Something that a vertex does, with how much of it is done. */
export interface Task {
  id: string;
  current: number;
  total: number;
  isDone: boolean;
}

/** A vertex as it stands. Times are milliseconds since epoch. */
export interface Row {
  /** In the order in which they began, from 1. */
  number: number;
  name: string;
  started: number;
  completed: number | undefined;
  isCached: boolean;
  error: string | undefined;
  isCanceled: boolean;
  tasks: Map<string, Task>;
  /** The last lines of its output. */
  tail: string[];
  /** What the builder says of it. */
  notes: string[];
  /** Lines of the Dockerfile that it stands in. */
  lines: { start: number; end: number } | undefined;
  /** Begun line of its output. */
  rest: string;
}

/** What has been told of a build, put together. Vertices that change no files are left out. */
export interface Board {
  rows: Map<string, Row>;
  findings: Finding[];
  remarks: string[];
}

/** What a line adds that is worth a line of its own. */
export interface Told {
  row: Row | undefined;
  /** Whole lines of output. */
  output: string[];
}

const TAIL_LINES = 30;

export function createBoard(): Board & { add(line: BuildLine): Told } {
  const rows = new Map<string, Row>();
  const decoders = new Map<string, InstanceType<typeof TextDecoder>>();
  const board: Board = { rows, findings: [], remarks: [] };
  const decode = (vertex: string, bytes: string): string => {
    const decoder = decoders.get(vertex) ?? new TextDecoder();
    decoders.set(vertex, decoder);
    return decoder.decode(Buffer.from(bytes, 'base64'), { stream: true });
  };
  const add = (line: BuildLine): Told => {
    if (line.kind === 'finding') board.findings.push(line.finding);
    if (line.kind === 'remark') board.remarks.push(line.text);
    if (line.kind === 'started' && !line.isMinor) rows.set(line.vertex, newRow(rows.size + 1, line));
    const row = 'vertex' in line ? rows.get(line.vertex) : undefined;
    if (row === undefined) return { row, output: [] };
    if (line.kind === 'log') return { row, output: addOutput(row, decode(line.vertex, line.bytes)) };
    if (line.kind === 'note') {
      row.notes.push(line.text);
      return { row, output: [line.text] };
    }
    if (line.kind === 'status') {
      const { id, current, total, completed } = line;
      row.tasks.set(id, { id, current, total, isDone: completed !== undefined });
    }
    if (line.kind !== 'completed') return { row, output: [] };
    row.completed = line.time;
    row.isCached = line.isCached;
    row.error = line.error;
    row.isCanceled = line.isCanceled === true;
    const output = row.rest === '' ? [] : addOutput(row, '\n');
    return { row, output };
  };
  return { ...board, add };
}

function newRow(number: number, { name, time, lines }: Extract<BuildLine, { kind: 'started' }>): Row {
  return {
    number,
    name: name.split('\n')[0] ?? '',
    started: time,
    completed: undefined,
    isCached: false,
    error: undefined,
    isCanceled: false,
    tasks: new Map(),
    tail: [],
    notes: [],
    lines,
    rest: '',
  };
}

/** A carriage return takes back what stands before it in its line, as bars of programs do. */
function addOutput(row: Row, text: string): string[] {
  const lines = `${row.rest}${text}`.split('\n').map((line) => line.replace(/\r$/, '').replace(/^.*\r/s, ''));
  row.rest = lines.pop() ?? '';
  row.tail = [...row.tail, ...lines].slice(-TAIL_LINES);
  return lines;
}
