import type { ProgressMessage } from '#api/progress.ts';
import type { Finding } from '#dockerfile/lint/finding.ts';
import type { BuildEvent, VertexFacts, VertexStatus } from '#engine/builder/progress/events.ts';
import type { Partly } from '#lib/protobuf/message.ts';
import type { StatusResponse } from './messages/control.ts';
import { timestampOf } from './messages/common.ts';

/** Pieces of a status as they are written. */
export type StatusPieces = Partly<StatusResponse>;

/** The file that findings are about; undefined until it was read. */
export type FindingSource = () => { name: string; text: string } | undefined;

/** What a step may write before the rest is dropped, as BuildKit has it. */
const LOG_LIMIT_BYTES = 2 * 1024 * 1024;
const TOLD_EVERY_MS = 100;
const DEFINITION_VERTEX = /^\[internal\] load build definition/;
const LANGUAGE = 'Dockerfile';

/** Turns what a build tells into BuildKit's words; undefined for what they have none for. Steps that only change the config are not shown. */
export function createStatusEvents(
  source: FindingSource,
): (event: BuildEvent, time?: number) => StatusPieces | undefined {
  const vertices = new Map<string, VertexState>();
  const inOrder = createOrder();
  let definition = '';
  return (event, told = Date.now()) => {
    const time = inOrder('time' in event ? event.time : told);
    // These clients count everything as a warning; hints are for ours.
    if (event.kind === 'finding' && event.finding.severity === 'hint') return undefined;
    if (!('vertex' in event) || event.vertex === undefined) return piecesOfBuild(event, definition, source());
    const { vertex } = event;
    if (vertex.isMinor && !(event.kind === 'completed' && event.outcome.error !== undefined)) return undefined;
    if (DEFINITION_VERTEX.test(vertex.name)) definition = vertex.digest;
    const state = vertices.get(vertex.digest) ?? { started: time, logged: 0, pulling: new Map(), told: new Map() };
    vertices.set(vertex.digest, state);
    return piecesOf(event, { vertex, state, source, time });
  };
}

/** Clients order by time what happened within a millisecond: each comes a little after the one before. */
function createOrder(): (time: number) => number {
  let last = 0;
  return (time) => {
    last = Math.max(time, last + 0.001);
    return last;
  };
}

interface VertexState {
  started: number;
  /** Bytes of its output so far. */
  logged: number;
  /** What is under way for an id of a pull: the status it was told under. */
  pulling: Map<string, VertexStatus>;
  /** When something under way was told last, by its id. */
  told: Map<string, number>;
}

/** What is about the build as a whole goes with the file that it is made of. */
function piecesOfBuild(
  event: BuildEvent,
  ...[definition, source]: [definition: string, source: ReturnType<FindingSource>]
): StatusPieces | undefined {
  if (event.kind === 'finding') return { warnings: [warningOf(event.finding, definition, source)] };
  // Triggers have vertices of their own.
  if (event.kind !== 'remark' || event.text.startsWith('# ')) return undefined;
  const text = event.text.replace(/^\[Warning\] /, '');
  return { warnings: [{ vertex: definition, level: 1, short: Buffer.from(text) }] };
}

interface Subject {
  vertex: VertexFacts;
  state: VertexState;
  source: FindingSource;
  /** When it was told, milliseconds since epoch. */
  time: number;
}

function piecesOf(event: BuildEvent, { vertex, state, source, time }: Subject): StatusPieces | undefined {
  switch (event.kind) {
    case 'started':
      state.started = time;
      return { vertexes: [{ ...vertexOf(vertex), started: timestampOf(time) }] };
    case 'completed':
      return completedOf(event, state, time);
    case 'log':
      return logOf({ vertex, state, time }, event.stream === 'stdout' ? 1 : 2, event.bytes);
    case 'note':
      return logOf({ vertex, state, time }, 2, Buffer.from(`${event.text}\n`));
    case 'status':
      return statusesOf({ vertex, state }, [event.status]);
    case 'message':
      return statusesOf({ vertex, state }, pullStatuses(state, event.message));
    case 'finding':
      return { warnings: [warningOf(event.finding, vertex.digest, source())] };
    default:
      return undefined;
  }
}

/** What is under way is told now and then; that it is done, always. */
function statusesOf(
  { vertex, state }: Pick<Subject, 'vertex' | 'state'>,
  statuses: readonly VertexStatus[],
): StatusPieces | undefined {
  const now = Date.now();
  const due = statuses.filter(
    ({ id, completed }) => completed !== undefined || now - (state.told.get(id) ?? 0) >= TOLD_EVERY_MS,
  );
  for (const { id } of due) state.told.set(id, now);
  return due.length === 0 ? undefined : { statuses: due.map((status) => statusOf(vertex, status)) };
}

function vertexOf({ digest, name, inputs }: VertexFacts): NonNullable<StatusPieces['vertexes']>[number] {
  return { digest, name, inputs };
}

function completedOf(
  { vertex, outcome }: Extract<BuildEvent, { kind: 'completed' }>,
  ...[state, time]: [state: VertexState, time: number]
): StatusPieces {
  const open = [...state.pulling.values()].map((status) => statusOf(vertex, { ...status, completed: time }));
  state.pulling.clear();
  const error = outcome.isCanceled === true ? 'context canceled' : inTheirWords(outcome.error);
  return {
    vertexes: [
      {
        ...vertexOf(vertex),
        started: timestampOf(state.started),
        completed: timestampOf(time),
        cached: outcome.isCached,
        ...(error !== undefined && { error }),
      },
    ],
    statuses: open,
  };
}

/** The end of a process, which the classic protocol has other words for. */
export function inTheirWords(error: string | undefined): string | undefined {
  const [, command, code] = /^The command '(.*)' returned a non-zero code: (\d+)$/s.exec(error ?? '') ?? [];
  return command === undefined ? error : `process "${command}" did not complete successfully: exit code: ${code}`;
}

function logOf(
  { vertex, state, time }: Pick<Subject, 'vertex' | 'state' | 'time'>,
  ...[stream, bytes]: [stream: 1 | 2, bytes: Uint8Array]
): StatusPieces | undefined {
  if (state.logged >= LOG_LIMIT_BYTES) return undefined;
  const left = LOG_LIMIT_BYTES - state.logged;
  state.logged += bytes.length;
  const log = { vertex: vertex.digest, timestamp: timestampOf(time), stream };
  if (bytes.length < left) return { logs: [{ ...log, msg: bytes }] };
  const clipped = Buffer.from(`\n[output clipped, log limit ${LOG_LIMIT_BYTES / 1024 / 1024}MiB reached]\n`);
  return { logs: [{ ...log, msg: Buffer.concat([bytes.subarray(0, left), clipped]) }] };
}

function statusOf(vertex: VertexFacts, status: VertexStatus): NonNullable<StatusPieces['statuses']>[number] {
  const { id, current, total, started, completed } = status;
  return {
    id,
    vertex: vertex.digest,
    name: id,
    current,
    total,
    timestamp: timestampOf(completed ?? Date.now()),
    started: timestampOf(started),
    ...(completed !== undefined && { completed: timestampOf(completed) }),
  };
}

/** What the Engine API tells of a layer, one state after another, as work with a beginning and an end. */
function pullStatuses({ pulling }: VertexState, { id, status = '', progressDetail }: ProgressMessage): VertexStatus[] {
  if (id === undefined || id === '') return [];
  const now = Date.now();
  const name = `${status.toLowerCase()} ${id}`;
  const before = pulling.get(id);
  const told: VertexStatus[] = [];
  if (before !== undefined && before.id !== name) told.push({ ...before, completed: now });
  if (progressDetail?.total === undefined) {
    pulling.delete(id);
    return told;
  }
  const next: VertexStatus = {
    id: name,
    current: progressDetail.current ?? 0,
    total: progressDetail.total,
    started: before?.id === name ? before.started : now,
    completed: undefined,
  };
  pulling.set(id, next);
  return [...told, next];
}

/** As BuildKit's clients show findings: rule, message and line in one, the rule's sentence behind it. */
function warningOf(
  { code, message, description, lines, fix }: Finding,
  ...[vertex, source]: [vertex: string, source: ReturnType<FindingSource>]
): NonNullable<StatusPieces['warnings']>[number] {
  const place = lines === undefined ? '' : ` (line ${lines.start})`;
  return {
    vertex,
    level: 1,
    short: Buffer.from(`${code}: ${message}${place}`),
    detail: [description, fix ?? ''].filter((text) => text !== '').map((text) => Buffer.from(text)),
    ...(source !== undefined && {
      info: { filename: source.name, data: Buffer.from(source.text), language: LANGUAGE },
    }),
    ...(lines !== undefined && { ranges: [{ start: { line: lines.start }, end: { line: lines.end } }] }),
  };
}
