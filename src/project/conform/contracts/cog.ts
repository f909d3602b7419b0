import { EXEC_FORM, judgePrediction, LINUX_AMD64, refusesGarbage, tellsWhenReady } from '../checks.ts';
import { type Check, type Contract, failed, passed, skipped, type Subject } from '../contract.ts';
import { fieldOf, jsonOf, type Reply, type Sending } from '../send.ts';

const PORT = 5000;
const STATUSES = ['STARTING', 'READY', 'BUSY', 'SETUP_FAILED', 'DEFUNCT', 'UNHEALTHY', 'UNKNOWN'];

const health: Check<Subject> = {
  name: 'health-check',
  demand: 'GET /health-check answers 200 with a status',
  async run(subject) {
    const reply = await subject.send({ method: 'GET', path: '/health-check' });
    const status = fieldOf(reply, 'status');
    if (reply.status === 200 && STATUSES.includes(String(status))) return passed(String(status));
    return failed(
      `it answered ${reply.status} with status ${JSON.stringify(status)}`,
      `answer 200 with one of ${STATUSES.slice(0, 4).join(', ')}`,
    );
  },
};

interface InputSchema {
  properties?: Record<string, { default?: unknown; type?: string; enum?: unknown[]; minimum?: number }>;
  required?: string[];
}

function inputSchema(reply: Reply): InputSchema | undefined {
  const document = jsonOf(reply) as { components?: { schemas?: { Input?: InputSchema } } } | undefined;
  return document?.components?.schemas?.Input;
}

const openapi: Check<Subject> = {
  name: 'openapi',
  demand: 'GET /openapi.json has components.schemas.Input and Output',
  async run(subject) {
    const reply = await subject.send({ method: 'GET', path: '/openapi.json' });
    const document = jsonOf(reply) as { components?: { schemas?: Record<string, unknown> } } | undefined;
    const missing = ['Input', 'Output'].filter((name) => document?.components?.schemas?.[name] === undefined);
    if (missing.length > 0)
      return failed(`components.schemas lacks ${missing.join(' and ')}`, 'describe the inputs and the output there');
    return passed(`${Object.keys(inputSchema(reply)?.properties ?? {}).length} inputs`);
  },
};

/** Inputs that the schema allows; texts and numbers only, for files cannot be guessed. */
async function inputOf(subject: Subject): Promise<{ body: string; isKnown: boolean }> {
  const { request } = subject.options;
  if (request !== undefined) return { body: Buffer.from(request.body).toString('utf8'), isKnown: true };
  const schema = inputSchema(await subject.send({ method: 'GET', path: '/openapi.json' }));
  const simple: Record<string, unknown> = { string: 'hello', integer: 1, number: 1, boolean: true, array: [] };
  const properties = schema?.properties ?? {};
  const named = (schema?.required ?? []).map((name) => {
    const { enum: choices, minimum, type = '' } = properties[name] ?? {};
    return [name, choices?.[0] ?? minimum ?? simple[type] ?? null];
  });
  return { body: JSON.stringify({ input: Object.fromEntries(named) as unknown }), isKnown: false };
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

function predictionSending(body: string): Sending {
  return { method: 'POST', path: '/predictions', headers: JSON_TYPE, body, timeoutMs: 120_000 };
}

const predictions: Check<Subject> = {
  name: 'predictions',
  demand: 'POST /predictions answers status and output',
  async run(subject) {
    const { body, isKnown } = await inputOf(subject);
    const reply = await subject.send(predictionSending(body));
    const status = fieldOf(reply, 'status');
    if (reply.status === 200 && status === undefined)
      return failed('the answer has no status', 'answer {"status": "succeeded", "output": …}');
    if (reply.status === 200 && status === 'failed' && isKnown)
      return failed(`the prediction failed: ${JSON.stringify(fieldOf(reply, 'error'))}`, 'see why with: berth logs');
    return judgePrediction(reply, { isKnown, path: '/predictions' });
  },
};

const named: Check<Subject> = {
  name: 'named-predictions',
  demand: 'PUT /predictions/{id} answers with that id',
  async run(subject) {
    const { body } = await inputOf(subject);
    const reply = await subject.send({
      method: 'PUT',
      path: '/predictions/conform-1',
      headers: JSON_TYPE,
      body,
      timeoutMs: 120_000,
    });
    if (reply.status === 404 || reply.status === 405)
      return failed(`PUT /predictions/conform-1 answered ${reply.status}`, 'take predictions by PUT with an id, too');
    if (reply.status >= 300) return skipped(`it answered ${reply.status} to an example of ours`);
    const id = fieldOf(reply, 'id');
    return id === 'conform-1'
      ? passed()
      : failed(`the answer has the id ${JSON.stringify(id)}`, 'answer with the id of the request');
  },
};

const validation: Check<Subject> = {
  name: 'validation',
  demand: 'an input of another type gets 422',
  async run(subject) {
    const body = JSON.stringify({ input: 'not an object' });
    const reply = await subject.send({
      method: 'POST',
      path: '/predictions',
      headers: JSON_TYPE,
      body,
      timeoutMs: 60_000,
    });
    if (reply.status === 422 || reply.status === 400) return passed(String(reply.status));
    if (reply.status < 300) return skipped('its one input takes anything');
    return failed(`it answered ${reply.status}`, 'answer 422 to input that does not fit');
  },
};

/**
 * The HTTP interface of cog's containers.
 * Source: cog, docs/http.md.
 */
export const COG: Contract = {
  target: 'cog',
  title: "cog's HTTP interface",
  port: PORT,
  command: undefined,
  environment: (port) => [`PORT=${port}`],
  modelFolder: undefined,
  readyPath: () => '/health-check',
  isReady: (reply) => reply.status === 200 && ['READY', 'BUSY'].includes(String(fieldOf(reply, 'status'))),
  graceSeconds: 10,
  imageChecks: [LINUX_AMD64, EXEC_FORM],
  checks: [
    tellsWhenReady(async (subject) => predictionSending((await inputOf(subject)).body)),
    health,
    openapi,
    predictions,
    named,
    validation,
    refusesGarbage('/predictions', '/health-check'),
  ],
};
