import { CancelledError } from '#lib/errors.ts';
import type { Log } from '#lib/log.ts';
import type { Finding } from '#dockerfile/lint/finding.ts';
import { formatPlatform } from '#oci/platform.ts';
import type { Exported } from '../export/export-results.ts';
import type { PreparedBuild, SolvedBuild } from '../prepare-build.ts';
import type { BuildEvent, VertexFacts } from '../progress/events.ts';
import type { BuildRequest } from '../request.ts';
import type { Material } from '../sources/context-source.ts';
import type { BuildRecord, RecordedEvent, RecordedStep } from './build-record.ts';
import type { BuildRecordStore } from './build-records.ts';
import { type EventWriter, isNeeded, openEventWriter } from './event-file.ts';

type Tell = (event: BuildEvent) => void;

/** What is kept in memory for who joins late. */
const HELD_EVENTS = 20_000;
const HELD_LOG_BYTES = 2 * 1024 * 1024;

/** Prepares a build, and writes down what it and its results come to. */
export async function recordBuild(
  { records, log, ended }: { records: BuildRecordStore; log: Log; ended: () => void },
  { request, tell }: { request: BuildRequest; tell: Tell },
  prepare: (tell: Tell) => Promise<PreparedBuild>,
): Promise<PreparedBuild> {
  const recording = createRecording(request, openEventWriter(records.fileOf(request.ref)));
  records.begin(recording);
  const end = once(async () => {
    ended();
    recording.end();
    await recording.close();
    await records.end(recording);
  });
  // Nobody waits until it is written.
  const endLater = (): void =>
    void end().catch((error: unknown) => log.warn('a build was not recorded', { error: String(error) }));
  try {
    const prepared = await prepare((event) => {
      recording.add(event);
      tell(event);
    });
    return wrap(prepared, recording, endLater);
  } catch (error) {
    recording.fail(error);
    endLater();
    throw error;
  }
}

function wrap(prepared: PreparedBuild, ...[recording, end]: [recording: Recording, end: () => void]): PreparedBuild {
  const watched = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      recording.fail(error);
      throw error;
    }
  };
  const solve = async (): Promise<SolvedBuild> => {
    const solved = await watched(() => prepared.solve());
    recording.solved(solved);
    return {
      ...solved,
      export: () =>
        watched(async () => {
          const exported = await solved.export();
          recording.complete(exported);
          return exported;
        }),
    };
  };
  return {
    ...prepared,
    solve,
    run: async () => (await solve()).export(),
    async [Symbol.asyncDispose]() {
      try {
        await prepared[Symbol.asyncDispose]();
      } finally {
        end();
      }
    },
  };
}

interface Recording {
  ref: string;
  record(): BuildRecord;
  events(): readonly RecordedEvent[];
  add(event: BuildEvent): void;
  solved(solved: SolvedBuild): void;
  complete(exported: Exported): void;
  fail(error: unknown): void;
  end(): void;
  close(): Promise<void>;
}

function createRecording(request: BuildRequest, writer: EventWriter): Recording {
  const record = emptyRecord(request);
  const steps = new Map<string, RecordedStep>();
  const findings: Finding[] = [];
  const events: RecordedEvent[] = [];
  let logBytes = 0;
  const conclude = (changes: Partial<BuildRecord>): void => {
    if (record.completed === undefined) Object.assign(record, { completed: Date.now(), ...changes });
  };
  return {
    ref: request.ref,
    record: () => ({ ...record, steps: [...steps.values()], findings }),
    events: () => events,
    add(event) {
      const recorded = { time: 'time' in event ? event.time : Date.now(), event };
      if (event.kind === 'message' && event.message.progressDetail?.current !== undefined) return; // passes
      if (event.kind === 'log') logBytes += event.bytes.byteLength;
      const isMuch = events.length >= HELD_EVENTS || (event.kind === 'log' && logBytes > HELD_LOG_BYTES);
      if (isNeeded(event) || !isMuch) events.push(recorded);
      if (event.kind === 'finding') findings.push(event.finding);
      follow(steps, event);
      writer.write(recorded);
    },
    solved({ results }) {
      const materials = results.flatMap(({ build }) => build.materials);
      record.materials = [...new Map(materials.map((one): [string, Material] => [JSON.stringify(one), one])).values()];
    },
    complete: ({ response, lock }) => conclude({ status: 'completed', response: Object.fromEntries(response), lock }),
    fail(error) {
      const isCanceled = request.signal.aborted || error instanceof CancelledError;
      conclude({
        status: isCanceled ? 'canceled' : 'failed',
        error: error instanceof Error ? error.message : String(error),
      });
    },
    end: () => conclude({ status: request.signal.aborted ? 'canceled' : 'completed' }),
    async close() {
      events.length = 0;
      await writer.close();
    },
  };
}

function emptyRecord(request: BuildRequest): BuildRecord {
  const { ref, context, dockerfile, target, platforms, outputs, asked } = request;
  const names = outputs.flatMap(({ attributes }) => attributes.get('name')?.split(',') ?? []);
  const name = names.find((one) => one !== '') ?? context.title;
  return {
    ref,
    name: target === '' ? name : `${name} (${target})`,
    started: Date.now(),
    completed: undefined,
    status: 'running',
    error: undefined,
    context: context.title,
    dockerfile: dockerfile.name,
    target,
    platforms: platforms.map(formatPlatform),
    asked: Object.fromEntries(asked ?? []),
    steps: [],
    findings: [],
    outputs: outputs.map(({ type, attributes }) => ({ type, attributes: Object.fromEntries(attributes) })),
    response: {},
    materials: [],
    lock: undefined,
    isPinned: false,
  };
}

function follow(steps: Map<string, RecordedStep>, event: BuildEvent): void {
  if (!('vertex' in event) || event.vertex === undefined) return;
  const step = steps.get(event.vertex.digest) ?? begin(event.vertex);
  steps.set(event.vertex.digest, step);
  switch (event.kind) {
    case 'started':
      step.started = event.time;
      return;
    case 'completed':
      step.completed = event.time;
      step.isCached = event.outcome.isCached;
      step.error = event.outcome.error;
      return;
    case 'log':
      step.logBytes += event.bytes.byteLength;
      return;
    case 'step':
      Object.assign(step, event.step);
      return;
    default:
  }
}

function begin({ digest, name, inputs, stage, isMinor }: VertexFacts): RecordedStep {
  const own = { digest, name, inputs, stage, isMinor };
  return { ...own, started: Date.now(), completed: undefined, isCached: false, error: undefined, logBytes: 0 };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
