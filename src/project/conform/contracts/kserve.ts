import { answers, EXEC_FORM, LINUX_AMD64, shorten, tellsWhenReady } from '../checks.ts';
import {
  type Check,
  type Contract,
  type ConformOptions,
  failed,
  type Outcome,
  passed,
  skipped,
  type Subject,
} from '../contract.ts';
import { fieldOf, jsonOf, type Reply } from '../send.ts';

const USUAL_NAME = 'model';
const SIZE_OF_ANY = 1;
const MAX_VALUES = 1_000_000;

function modelPath({ modelName = USUAL_NAME }: ConformOptions): string {
  return `/v2/models/${encodeURIComponent(modelName)}`;
}

interface TensorMetadata {
  name: string;
  datatype: string;
  shape: number[];
}

function tensorsOf(reply: Reply, field: string): TensorMetadata[] {
  const found = fieldOf(reply, field);
  if (!Array.isArray(found)) return [];
  return found.filter((each): each is TensorMetadata => {
    const { name, datatype, shape } = (each ?? {}) as Record<string, unknown>;
    return typeof name === 'string' && typeof datatype === 'string' && Array.isArray(shape);
  });
}

const metadata: Check<Subject> = {
  name: 'server-metadata',
  demand: 'GET /v2 tells name, version and extensions',
  async run(subject) {
    const reply = await subject.send({ method: 'GET', path: '/v2' });
    const missing = ['name', 'version', 'extensions'].filter((field) => fieldOf(reply, field) === undefined);
    if (reply.status === 200 && missing.length === 0) return passed(String(fieldOf(reply, 'name')));
    return failed(
      reply.status === 200 ? `it lacks ${missing.join(', ')}` : `GET /v2 answered ${reply.status}`,
      'answer {"name", "version", "extensions"} at GET /v2',
    );
  },
};

const modelMetadata: Check<Subject> = {
  name: 'model-metadata',
  demand: 'GET /v2/models/{name} tells name, platform, inputs and outputs',
  async run(subject) {
    const path = modelPath(subject.options);
    const reply = await subject.send({ method: 'GET', path });
    if (reply.status !== 200)
      return failed(
        `GET ${path} answered ${reply.status}`,
        'name the model with --model-name, or answer its metadata there',
      );
    const missing = ['name', 'platform', 'inputs', 'outputs'].filter((field) => fieldOf(reply, field) === undefined);
    if (missing.length > 0) return failed(`it lacks ${missing.join(', ')}`, 'tell them as the protocol has them');
    return passed(`${tensorsOf(reply, 'inputs').length} inputs, ${tensorsOf(reply, 'outputs').length} outputs`);
  },
};

/** A request of ones, by the model's own metadata. */
async function tensorRequest(subject: Subject): Promise<object | undefined> {
  const inputs = tensorsOf(await subject.send({ method: 'GET', path: modelPath(subject.options) }), 'inputs');
  const made = inputs.map(({ name, datatype, shape }) => {
    const sizes = shape.map((size) => (size > 0 ? size : SIZE_OF_ANY));
    const count = sizes.reduce((product, size) => product * size, 1);
    const value = datatype === 'BYTES' ? 'hello' : datatype === 'BOOL' ? true : 1;
    return { name, datatype, shape: sizes, data: Array.from({ length: Math.min(count, MAX_VALUES) }, () => value) };
  });
  return made.length === 0 ? undefined : { id: 'conform-1', inputs: made };
}

const infer: Check<Subject> = {
  name: 'infer',
  demand: 'POST /v2/models/{name}/infer answers tensors whose data fits their shapes',
  async run(subject) {
    const { request } = subject.options;
    const own = request === undefined ? await tensorRequest(subject) : undefined;
    if (request === undefined && own === undefined)
      return skipped('the metadata names no inputs; name a request that the model understands with --request FILE');
    const body = request?.body ?? JSON.stringify(own);
    const path = `${modelPath(subject.options)}/infer`;
    const headers = { 'Content-Type': 'application/json' };
    const reply = await subject.send({ method: 'POST', path, headers, body, timeoutMs: 60_000 });
    if (reply.status !== 200)
      return failed(
        `it answered ${reply.status}: ${shorten(reply.text)}`,
        'answer tensors, or name another request with --request FILE',
      );
    return judgeOutputs(reply, own !== undefined);
  },
};

function judgeOutputs(reply: Reply, hasId: boolean): Outcome {
  const fix = 'answer {"model_name", "outputs": [{"name", "datatype", "shape", "data"}]}, and the id of the request';
  if (typeof fieldOf(reply, 'model_name') !== 'string') return failed('the answer lacks model_name', fix);
  if (hasId && fieldOf(reply, 'id') !== 'conform-1') return failed('the answer has not the id of the request', fix);
  const outputs = tensorsOf(reply, 'outputs');
  if (outputs.length === 0) return failed('the answer has no outputs', fix);
  for (const { name, shape, ...rest } of outputs) {
    const { data } = rest as { data?: unknown };
    const count = shape.reduce((product, size) => product * size, 1);
    if (!Array.isArray(data)) return failed(`the output ${name} has no data`, fix);
    if (data.flat(Number.POSITIVE_INFINITY).length !== count)
      return failed(
        `the output ${name} of shape [${shape.join(', ')}] has ${data.flat(Number.POSITIVE_INFINITY).length} values`,
        fix,
      );
  }
  return passed(outputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', '));
}

const unknownModel: Check<Subject> = {
  name: 'unknown-model',
  demand: 'a model that is not there gets a 4xx with an error in JSON',
  async run(subject) {
    const reply = await subject.send({ method: 'GET', path: '/v2/models/no-such-model-of-anybody' });
    if (reply.status < 400 || reply.status >= 500)
      return failed(`it answered ${reply.status}`, 'answer 404 with {"error": "…"}');
    if (jsonOf(reply) === undefined) return failed(`${reply.status} came without JSON`, 'answer {"error": "…"}');
    return passed(String(reply.status));
  },
};

const badInput: Check<Subject> = {
  name: 'bad-input',
  demand: 'a request that breaks the protocol gets a 4xx',
  async run(subject) {
    const headers = { 'Content-Type': 'application/json' };
    const path = `${modelPath(subject.options)}/infer`;
    const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1000], data: [1] }] });
    const reply = await subject.send({ method: 'POST', path, headers, body, timeoutMs: 30_000 });
    if (reply.status >= 400 && reply.status < 500) return passed(String(reply.status));
    return failed(
      `a tensor of shape [1000] with one value got ${reply.status}`,
      'compare data with shape, and answer 400',
    );
  },
};

/**
 * The Open Inference Protocol (V2) over REST, as KServe's predictors speak it.
 * Source: open-inference-protocol, specification/protocol/inference_rest.md.
 */
export const KSERVE: Contract = {
  target: 'kserve',
  title: 'KServe, Open Inference Protocol v2',
  port: 8080,
  command: undefined,
  environment: (port) => [`PORT=${port}`],
  modelFolder: '/mnt/models',
  readyPath: () => '/v2/health/ready',
  isReady: ({ status }) => status === 200,
  graceSeconds: 30,
  imageChecks: [LINUX_AMD64, EXEC_FORM],
  checks: [
    tellsWhenReady(({ options }) => ({ method: 'GET', path: `${modelPath(options)}/ready` })),
    answers('live', 'GET /v2/health/live answers 200', {
      path: '/v2/health/live',
      withinMs: 5000,
      fix: 'answer 200 as long as the server lives',
    }),
    answers('ready', 'GET /v2/health/ready answers 200', {
      path: '/v2/health/ready',
      withinMs: 5000,
      fix: 'answer 200 when the model can be asked',
    }),
    metadata,
    {
      name: 'model-ready',
      demand: 'GET /v2/models/{name}/ready answers 200',
      async run(subject) {
        const path = `${modelPath(subject.options)}/ready`;
        const { status } = await subject.send({ method: 'GET', path });
        if (status === 200) return passed();
        return failed(`GET ${path} answered ${status}`, 'name the model with --model-name, or answer 200 there');
      },
    },
    modelMetadata,
    infer,
    unknownModel,
    badInput,
  ],
};
