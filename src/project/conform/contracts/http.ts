import type { ImageDetails } from '#api/answers.ts';
import { EXEC_FORM, LINUX_AMD64 } from '../checks.ts';
import { type Check, type Contract, failed, passed, skipped, type Subject } from '../contract.ts';

const AT_ONCE = 20;
const QUICK_MS = 5000;

const notRoot: Check<ImageDetails> = {
  name: 'user',
  demand: 'the program is not root',
  run({ Config }) {
    const user = (Config?.User ?? '').split(':')[0] ?? '';
    if (user === '' || user === '0' || user === 'root')
      return failed('it runs as root', 'add USER with a number above 0: some platforms refuse root');
    return passed(user);
  },
};

const exposed: Check<ImageDetails> = {
  name: 'exposed-port',
  demand: 'the image says which port it listens on',
  run({ Config }) {
    const ports = Object.keys(Config?.ExposedPorts ?? {});
    return ports.length > 0 ? passed(ports.join(', ')) : failed('it exposes none', 'add EXPOSE with the port');
  },
};

const manyAtOnce: Check<Subject> = {
  name: 'many-at-once',
  demand: `${AT_ONCE} requests at once are answered within ${QUICK_MS / 1000} s`,
  async run(subject) {
    const sent = Array.from({ length: AT_ONCE }, () => subject.send({ method: 'GET', path: '/', timeoutMs: QUICK_MS }));
    const results = await Promise.allSettled(sent);
    const lost = results.filter(({ status }) => status === 'rejected').length;
    if (lost > 0)
      return failed(`${lost} of ${AT_ONCE} got no answer`, 'use a server that takes several connections at a time');
    return passed();
  },
};

const unknownPath: Check<Subject> = {
  name: 'unknown-path',
  demand: 'a path that is not there gets a 4xx, and no error of the server',
  async run(subject) {
    const { status } = await subject.send({ method: 'GET', path: '/no-such-path-of-anybody' });
    if (status >= 500) return failed(`it answered ${status}`, 'answer 404');
    return passed(String(status));
  },
};

const badHeaders: Check<Subject> = {
  name: 'bad-requests',
  demand: 'a body that cannot be read is no error of the server',
  async run(subject) {
    const headers = { 'Content-Type': 'application/json' };
    const { status } = await subject.send({ method: 'POST', path: '/', headers, body: '{"broken', timeoutMs: 10_000 });
    if (status >= 500)
      return failed(`a broken JSON body at / got ${status}`, 'answer 400 when a body cannot be parsed');
    return passed(String(status));
  },
};

const head: Check<Subject> = {
  name: 'head',
  demand: 'HEAD / is answered, as load balancers ask it',
  async run(subject) {
    const { status } = await subject.send({ method: 'HEAD', path: '/' });
    if (status >= 500) return failed(`it answered ${status}`, 'answer HEAD as GET, without the body');
    return status < 400 ? passed(String(status)) : skipped(`it answered ${status}; ask another path for health`);
  },
};

/** What any platform that runs web services asks of an image. */
export const HTTP: Contract = {
  target: 'http',
  title: 'a web service',
  port: undefined,
  command: undefined,
  environment: (port) => [`PORT=${port}`],
  modelFolder: undefined,
  readyPath: () => '/',
  isReady: ({ status }) => ![502, 503, 504].includes(status),
  graceSeconds: 10,
  imageChecks: [LINUX_AMD64, EXEC_FORM, notRoot, exposed],
  checks: [
    {
      name: 'answers',
      demand: 'GET / answers',
      async run(subject) {
        const { status, ms } = await subject.send({ method: 'GET', path: '/', timeoutMs: QUICK_MS });
        if (status >= 500) return failed(`it answered ${status}`, 'see why with: berth logs');
        return passed(`${status} after ${ms.toFixed(0)} ms`);
      },
    },
    head,
    unknownPath,
    badHeaders,
    manyAtOnce,
  ],
};
