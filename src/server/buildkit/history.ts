import { type BuildRecord, countSteps } from '#engine/builder/cache/build-record.ts';
import type { BuildRecords } from '#engine/builder/cache/build-records.ts';
import { createChange } from '#lib/change.ts';
import { CODES } from '#lib/grpc/status.ts';
import { type Method, serverStream, unary } from '#lib/grpc/method.ts';
import type { MessageOf, Partly } from '#lib/protobuf/message.ts';
import { NotFoundError } from '#lib/errors.ts';
import type { Attachments, BuildAttachments } from './attachments.ts';
import { compileHistoryFilters } from './history-filter.ts';
import { EMPTY, timestampOf } from './messages/common.ts';
import {
  BUILD_HISTORY_EVENT,
  BUILD_HISTORY_RECORD,
  BUILD_HISTORY_REQUEST,
  UPDATE_BUILD_HISTORY_REQUEST,
} from './messages/control.ts';
import type { BuildkitContext } from './services.ts';
import { createStatusEvents, inTheirWords, type StatusPieces } from './status-events.ts';

const TYPES = { started: 0, completed: 1, removed: 2 } as const;

interface Past {
  history: BuildRecords;
  attachments: Attachments;
}

type Ask = MessageOf<typeof BUILD_HISTORY_REQUEST>;
type Event = Partly<MessageOf<typeof BUILD_HISTORY_EVENT>>;

/** Builds that ran, and those that run. */
export function historyMethods(
  { builder, attachments }: Pick<BuildkitContext, 'builder' | 'attachments'>,
  service: string,
): [path: string, method: Method][] {
  const { history } = builder;
  return [
    [
      `${service}ListenBuildHistory`,
      serverStream({ request: BUILD_HISTORY_REQUEST, answer: BUILD_HISTORY_EVENT }, (ask, { signal }) =>
        listen({ history, attachments }, ask, signal),
      ),
    ],
    [
      `${service}UpdateBuildHistory`,
      unary({ request: UPDATE_BUILD_HISTORY_REQUEST, answer: EMPTY }, async (change) => {
        if (change.delete) await history.remove(change.ref);
        else if (!change.finalize) history.pin(change.ref, change.pinned);
        return {};
      }),
    ],
  ];
}

/** What is known, and unless the client wants no more, what happens from here on. */
async function* listen(past: Past, ask: Ask, signal: AbortSignal): AsyncGenerator<Event> {
  const { history } = past;
  const { ref, activeOnly, earlyExit, limit, filter } = ask;
  const fits = compileHistoryFilters(filter);
  const isWanted = (record: BuildRecord): boolean =>
    (ref === '' || record.ref === ref) && (!activeOnly || record.status === 'running') && fits(record);
  const waiting: Event[] = [];
  const change = createChange();
  const stop = history.watch(({ kind, record }) => {
    if (!isWanted(record) && !(activeOnly && kind === 'completed')) return;
    waiting.push({ type: TYPES[kind], record: toWire(record, past) });
    change.tell();
  });
  try {
    const known = history.list().filter(isWanted);
    for (const record of limit > 0 ? known.slice(0, limit) : known) yield eventOf(record, past);
    if (earlyExit) return;
    signal.addEventListener('abort', change.tell, { once: true });
    while (!signal.aborted) {
      const [next] = waiting.splice(0, 1);
      if (next === undefined) await change.next();
      else yield next;
    }
  } finally {
    stop();
  }
}

function eventOf(record: BuildRecord, past: Past): Event {
  return { type: record.status === 'running' ? TYPES.started : TYPES.completed, record: toWire(record, past) };
}

function toWire(record: BuildRecord, { attachments }: Past): Partly<MessageOf<typeof BUILD_HISTORY_RECORD>> {
  const { ref, asked, outputs, status, error, started, completed, response, isPinned, findings } = record;
  const steps = countSteps(record);
  const more = attachments.of(ref);
  return {
    ref,
    frontend: 'dockerfile.v0',
    frontendAttributes: new Map(Object.entries(Object.keys(asked).length > 0 ? asked : ownAttributes(record))),
    exporters: outputs.map(({ type, attributes }) => ({ type, attributes: new Map(Object.entries(attributes)) })),
    ...((status === 'failed' || status === 'canceled') && {
      error: {
        code: status === 'canceled' ? CODES.cancelled : CODES.unknown,
        message: inTheirWords(error) ?? status,
        details: [],
      },
    }),
    createdAt: timestampOf(started),
    ...(completed !== undefined && { completedAt: timestampOf(completed) }),
    exporterResponse: new Map(Object.entries(response)),
    generation: status === 'running' ? 1 : 2,
    pinned: isPinned,
    totalSteps: steps.total,
    cachedSteps: steps.cached,
    completedSteps: steps.completed,
    warnings: findings.length,
    ...(more !== undefined && attachedTo(more)),
  };
}

/** Of several platforms each has its own. */
function attachedTo({ provenance, error }: BuildAttachments): Partly<MessageOf<typeof BUILD_HISTORY_RECORD>> {
  const results = [...provenance].map(([platform, descriptor]) => [platform, { attestations: [descriptor] }] as const);
  const [only, ...others] = results;
  return {
    ...(only !== undefined && others.length === 0 && { result: only[1] }),
    ...(others.length > 0 && { results: new Map(results) }),
    ...(error !== undefined && { externalError: error }),
  };
}

/** What clients make a build's name of, for builds that were ordered in other words. */
function ownAttributes({ context, dockerfile, target, platforms }: BuildRecord): Record<string, string> {
  return {
    ...(context !== '' && { 'vcs:localdir:context': context }),
    filename: dockerfile,
    ...(target !== '' && { target }),
    ...(platforms.length > 0 && { platform: platforms.join(',') }),
  };
}

/** What a build told, in BuildKit's words; of one that runs, up to now. @throws {NotFoundError} */
export async function* recordedStatus(history: BuildRecords, ref: string): AsyncGenerator<StatusPieces> {
  if (!history.list().some((record) => record.ref === ref))
    throw new NotFoundError(`no such job ${ref}`, { why: 'no build of this name runs, and none is remembered' });
  const toStatus = createStatusEvents(() => undefined);
  for await (const { event, time } of history.events(ref)) {
    const pieces = toStatus(event, time);
    if (pieces !== undefined) yield pieces;
  }
}
