import { sha256 } from '#lib/sha256.ts';
import { VERSION } from '#lib/version.ts';
import type { BuildRecord, RecordedStep } from './build-record.ts';

/**
 * A build as Perfetto and Chrome's tracing read it (Trace Event Format, JSON object form): one track for each stage, and one for what belongs
 * to none. Times are microseconds after the build began.
 */
export function toTraceEvents(record: BuildRecord): object {
  const tracks = new Map<string, number>();
  const spans = timed(record).map(({ step, start, end }) => {
    const track = step.stage ?? '';
    const tid = tracks.get(track) ?? tracks.size + 1;
    tracks.set(track, tid);
    return {
      ph: 'X',
      name: step.name,
      cat: step.isCached ? 'cached' : 'done',
      pid: 1,
      tid,
      ts: (start - record.started) * 1000,
      dur: (end - start) * 1000,
      args: attributesOf(step),
    };
  });
  const names = [...tracks].map(([track, tid]) => ({
    ph: 'M',
    name: 'thread_name',
    pid: 1,
    tid,
    args: { name: track === '' ? 'build' : `stage ${track.replace(/^\//, '')}` },
  }));
  const process = { ph: 'M', name: 'process_name', pid: 1, args: { name: `build ${record.name}` } };
  return { displayTimeUnit: 'ms', traceEvents: [process, ...names, ...spans] };
}

/** A build as OTLP in JSON (OpenTelemetry protocol, TracesData): a span for the build, one for each vertex below it. */
export function toOtlp(record: BuildRecord): object {
  const traceId = digits(record.ref, 32);
  const rootId = digits(`${record.ref} root`, 16);
  const end = record.completed ?? record.started;
  const root = {
    ...spanOf({ name: `build ${record.name}`, start: record.started, end, error: record.error }),
    traceId,
    spanId: rootId,
    attributes: keyValues({ 'build.ref': record.ref, 'build.target': record.target, 'build.status': record.status }),
  };
  const children = timed(record).map(({ step, start, end: stop }) => ({
    ...spanOf({ name: step.name, start, end: stop, error: step.error }),
    traceId,
    spanId: digits(`${record.ref} ${step.digest}`, 16),
    parentSpanId: rootId,
    attributes: keyValues(attributesOf(step)),
  }));
  const resource = { attributes: keyValues({ 'service.name': 'berth', 'service.version': VERSION }) };
  const scope = { name: 'berth.builder', version: VERSION };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [root, ...children] }] }] };
}

function timed({ steps, completed }: BuildRecord): { step: RecordedStep; start: number; end: number }[] {
  return steps.map((step) => ({
    step,
    start: step.started,
    end: Math.max(step.started, step.completed ?? completed ?? step.started),
  }));
}

function attributesOf(step: RecordedStep): Record<string, string | number | boolean> {
  return {
    cached: step.isCached,
    ...(step.bytes !== undefined && { bytes: step.bytes }),
    ...(step.why !== undefined && { why: step.why.text }),
    ...(step.key !== undefined && { key: step.key }),
    ...(step.logBytes > 0 && { 'log.bytes': step.logBytes }),
    ...(step.error !== undefined && { error: step.error }),
  };
}

function spanOf({
  name,
  start,
  end,
  error,
}: {
  name: string;
  start: number;
  end: number;
  error: string | undefined;
}): object {
  return {
    name,
    kind: 1,
    startTimeUnixNano: nanos(start),
    endTimeUnixNano: nanos(end),
    status: error === undefined ? { code: 1 } : { code: 2, message: error },
  };
}

function digits(text: string, count: number): string {
  return sha256(text).slice('sha256:'.length).slice(0, count);
}

function nanos(millis: number): string {
  return `${BigInt(Math.round(millis)) * 1_000_000n}`;
}

function keyValues(attributes: Record<string, string | number | boolean>): object[] {
  return Object.entries(attributes).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    if (typeof value === 'boolean') return { key, value: { boolValue: value } };
    return { key, value: { intValue: String(value) } };
  });
}
