import type { ImageDetails } from '#api/answers.ts';
import { answers, answersMeanwhile, EXEC_FORM, judgePrediction, LINUX_AMD64, tellsWhenReady } from '../checks.ts';
import { type Check, type Contract, failed, passed, type Subject } from '../contract.ts';
import { exampleFor } from '../example.ts';

const PORT = 8080;
const BIND_LABEL = 'com.amazonaws.sagemaker.capabilities.accept-bind-to-port';
const PAYLOAD_BYTES = 6 * 1024 * 1024;
const INVOCATIONS = '/invocations';

const notTini: Check<ImageDetails> = {
  name: 'no-init-entrypoint',
  demand: 'the entry point understands the argument serve; tini and other inits do not',
  run({ Config }) {
    const [first = ''] = Config?.Entrypoint ?? [];
    if (!/(^|\/)(tini|dumb-init|docker-init)(-static)?$/.test(first))
      return passed(first === '' ? 'no entry point' : first);
    const rest = (Config?.Entrypoint ?? []).slice(1).filter((word) => !word.startsWith('-'));
    if (rest.length > 0) return passed(`${first} hands serve to ${rest[0]}`);
    return failed(
      `the entry point is ${first}, and SageMaker's argument serve would be its program`,
      'make the entry point the program that understands serve',
    );
  },
};

const connects: Check<Subject> = {
  name: 'connects-quickly',
  demand: 'a connection is taken within 250 ms',
  async run(subject) {
    const { connectMs } = await subject.send({ method: 'GET', path: '/ping', timeoutMs: 5000 });
    if (connectMs > 250)
      return failed(`it took ${connectMs.toFixed(0)} ms`, 'accept connections in a loop that is never blocked');
    return passed(`${connectMs.toFixed(1)} ms`);
  },
};

const invocations: Check<Subject> = {
  name: 'invocations',
  demand: 'POST /invocations answers within 60 s',
  async run(subject) {
    const { sending, isKnown } = await exampleFor(subject, INVOCATIONS);
    return judgePrediction(await subject.send(sending), { isKnown, path: INVOCATIONS });
  },
};

const otherTypes: Check<Subject> = {
  name: 'other-content-types',
  demand: 'a content type that it does not know gets a 4xx',
  async run(subject) {
    const headers = { 'Content-Type': 'application/x-unheard-of' };
    const reply = await subject.send({ method: 'POST', path: INVOCATIONS, headers, body: 'x', timeoutMs: 30_000 });
    if (reply.status >= 500)
      return failed(`application/x-unheard-of got ${reply.status}`, 'answer 415 to types that are not known');
    return passed(String(reply.status));
  },
};

const payload: Check<Subject> = {
  name: 'payload',
  demand: 'a body of 6 MB is read to its end',
  async run(subject) {
    const body = JSON.stringify({ padding: 'x'.repeat(PAYLOAD_BYTES - 100) });
    const headers = { 'Content-Type': 'application/json' };
    const reply = await subject.send({ method: 'POST', path: INVOCATIONS, headers, body, timeoutMs: 60_000 });
    if (reply.status === 413)
      return failed('it answered 413', 'allow bodies of 6 MB at least (nginx: client_max_body_size)');
    return passed(String(reply.status));
  },
};

/**
 * What SageMaker asks of inference containers.
 * Source: Amazon SageMaker Developer Guide, "Custom Inference Code with Hosting Services".
 */
export const SAGEMAKER: Contract = {
  target: 'sagemaker',
  title: 'SageMaker hosting',
  port: PORT,
  command: ['serve'],
  environment: (port) => [`SAGEMAKER_BIND_TO_PORT=${port}`, 'SAGEMAKER_SAFE_PORT_RANGE=21000-21999'],
  modelFolder: '/opt/ml/model',
  readyPath: () => '/ping',
  isReady: ({ status }) => status === 200,
  graceSeconds: 30,
  imageChecks: [
    LINUX_AMD64,
    EXEC_FORM,
    notTini,
    {
      name: 'bind-to-port-label',
      demand: `${BIND_LABEL}=true, if the image shall run beside others on one endpoint`,
      run: ({ Config }) =>
        Config?.Labels?.[BIND_LABEL] === 'true'
          ? passed('it may share an endpoint')
          : { state: 'skipped', why: 'the label is not there: the image serves endpoints of its own only' },
    },
  ],
  checks: [
    tellsWhenReady(async (subject) => (await exampleFor(subject, INVOCATIONS)).sending),
    answers('ping', 'GET /ping answers 200 within 2 s', {
      path: '/ping',
      withinMs: 2000,
      fix: 'answer 200 at GET /ping when the model is loaded',
    }),
    connects,
    invocations,
    otherTypes,
    payload,
    answersMeanwhile(({ options: { request } }) => {
      const headers = { 'Content-Type': request?.contentType ?? 'application/json' };
      return { method: 'POST', path: INVOCATIONS, headers, body: request?.body ?? '{}', timeoutMs: 60_000 };
    }, '/ping'),
  ],
};
