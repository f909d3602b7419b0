import type { Builder } from '#engine/builder/builder.ts';
import { type BuildRecord, countSteps } from '#engine/builder/cache/build-record.ts';
import { profileBuild } from '#engine/builder/cache/profile.ts';
import { toOtlp, toTraceEvents } from '#engine/builder/cache/trace.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { pipeline } from 'node:stream/promises';
import type { Call, Route } from '../route.ts';

/** What these routes need of the engine. */
export interface BuildRecordsBackend {
  builder: Builder;
}

/** Builds that ran: what they did, why, how long it took. */
export function buildRecordRoutes({ builder }: BuildRecordsBackend): readonly Route[] {
  const recordOf = ({ params }: Call): BuildRecord => builder.history.get(params['ref'] ?? '');
  return [
    ['GET', '/berth/builds', async (call) => call.send(200, { builds: builder.history.list().map(summaryOf) })],
    [
      'GET',
      '/berth/builds/:ref',
      async (call) => {
        const record = recordOf(call);
        call.send(200, { ...record, counts: countSteps(record), profile: profileBuild(record) });
      },
    ],
    [
      'GET',
      '/berth/builds/:ref/trace',
      async (call) => call.send(200, traceOf(recordOf(call), call.query.get('form'))),
    ],
    ['GET', '/berth/builds/:ref/logs', async (call) => sendLogs(builder, call)],
    [
      'DELETE',
      '/berth/builds/:ref',
      async (call) => {
        await builder.history.remove(call.params['ref'] ?? '');
        call.send(204);
      },
    ],
  ];
}

function summaryOf(record: BuildRecord): object {
  const { ref, name, started, completed, status, error, isPinned } = record;
  return { ref, name, started, completed, status, error, isPinned, counts: countSteps(record) };
}

function traceOf(record: BuildRecord, form: string | null): object {
  if (form === null || form === '' || form === 'perfetto') return toTraceEvents(record);
  if (form === 'otlp') return toOtlp(record);
  throw new InvalidArgumentError(`unknown form of a trace: ${form}`, { hint: 'perfetto or otlp' });
}

/** What the processes of a build wrote. */
async function sendLogs({ history }: Builder, call: Call): Promise<void> {
  const events = history.events(call.params['ref'] ?? '');
  call.response.writeHead(200, { 'content-type': 'application/octet-stream' });
  await pipeline(async function* () {
    for await (const { event } of events) if (event.kind === 'log') yield event.bytes;
  }, call.response);
}
