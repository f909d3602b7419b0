import { isDeepStrictEqual } from 'node:util';
import { frameMessage, readFrames } from '../../src/lib/grpc/framing.ts';
import { decodeMessage } from '../../src/lib/protobuf/decode.ts';
import { encodeMessage } from '../../src/lib/protobuf/encode.ts';
import type { Message } from '../../src/lib/protobuf/message.ts';
import { BUILD_HISTORY_EVENT, SOLVE_REQUEST, STATUS_RESPONSE } from '../../src/server/buildkit/messages/control.ts';
import { GATEWAY_SOLVE_REQUEST, RETURN_REQUEST } from '../../src/server/buildkit/messages/gateway.ts';
import { defectOfError } from '../defect.ts';
import { mutateBytes } from '../mutate.ts';
import type { Checked, FuzzTarget } from '../target.ts';
import { pick } from '../../soak/support.ts';

const TABLES: readonly Message<object>[] = [
  SOLVE_REQUEST,
  GATEWAY_SOLVE_REQUEST,
  RETURN_REQUEST,
  STATUS_RESPONSE,
  BUILD_HISTORY_EVENT,
];

const MAP = new Map([
  ['filename', 'Dockerfile'],
  ['build-arg:A', 'grüße'],
]);

const SEEDS: readonly Buffer[] = [
  encodeMessage(SOLVE_REQUEST, {
    ref: 'r',
    session: 's',
    frontendAttributes: MAP,
    entitlements: ['network.host'],
    exporters: [{ type: 'moby', attributes: MAP }],
    cache: { imports: [{ type: 'registry', attributes: MAP }] },
    definition: { def: [Buffer.from([1, 2])], metadata: new Map([['a', {}]]) },
  }),
  encodeMessage(RETURN_REQUEST, {
    result: { refs: { refs: new Map([['linux/amd64', { id: 'x' }]]) }, metadata: new Map([['k', Buffer.from('v')]]) },
    error: { code: -1, message: 'm', details: [{ typeUrl: 't', value: Buffer.from('v') }] },
  }),
  encodeMessage(STATUS_RESPONSE, {
    vertexes: [{ digest: 'sha256:0', inputs: ['a', 'b'], cached: true, started: { seconds: 1_700_000_000, nanos: 5 } }],
    logs: [{ vertex: 'sha256:0', stream: 2, msg: Buffer.from('text') }],
    warnings: [{ short: Buffer.from('w'), ranges: [{ start: { line: 1 }, end: { line: 2 } }] }],
  }),
  encodeMessage(BUILD_HISTORY_EVENT, {
    type: 1,
    record: { ref: 'r', results: new Map([['p', { results: new Map([[-1, { size: 9 }]]) }]]) },
  }),
];

/** Messages of clients: broken ones are refused, others are the same when they are written and read again. */
export const messagesTarget: FuzzTarget = {
  name: 'messages',
  rounds: 300_000,
  open: async () => ({
    make(random) {
      const whole = pick(random, SEEDS);
      return random() < 0.9 ? mutateBytes(random, whole) : whole;
    },
    check: async (input, random) => (random() < 0.8 ? checkMessage(input, pick(random, TABLES)) : checkFrames(input)),
    [Symbol.asyncDispose]: async () => {},
  }),
};

function checkMessage(input: Buffer, table: Message<object>): Checked {
  let read: object;
  try {
    read = decodeMessage(table, input);
  } catch (error) {
    return { isTaken: false, defect: defectOfError(error) };
  }
  const again = decodeMessage(table, encodeMessage(table, read));
  return { isTaken: true, defect: isDeepStrictEqual(again, read) ? undefined : 'written, it reads otherwise' };
}

/** The input as it is, and in a frame of its own. */
async function checkFrames(input: Buffer): Promise<Checked> {
  const framed = await collect(frameMessage(input));
  if (framed.length !== 1 || framed[0]?.equals(input) !== true)
    return { isTaken: true, defect: 'a frame is not read again' };
  try {
    await collect(input);
    return { isTaken: true };
  } catch (error) {
    return { isTaken: false, defect: defectOfError(error) };
  }
}

async function collect(bytes: Uint8Array): Promise<Buffer[]> {
  return Array.fromAsync(readFrames(pieces(bytes), { encoding: 'gzip' }));
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}
