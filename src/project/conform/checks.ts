import type { ImageDetails } from '#api/answers.ts';
import { type Check, failed, passed, skipped, type Ending, type Outcome, type Subject } from './contract.ts';
import type { Reply, Sending } from './send.ts';

/** Checks that several contracts have. */

/** A path that has to answer 200 within a time. */
export function answers(
  name: string,
  demand: string,
  { path, withinMs, fix }: { path: string; withinMs: number; fix: string },
): Check<Subject> {
  return {
    name,
    demand,
    async run(subject) {
      const reply = await subject.send({ method: 'GET', path, timeoutMs: withinMs });
      if (reply.status !== 200) return failed(`GET ${path} answered ${reply.status}`, fix);
      return passed(`${reply.ms.toFixed(0)} ms`);
    },
  };
}

/** Readiness may say yes only when the model can be asked. */
export function tellsWhenReady(sending: (subject: Subject) => Promise<Sending> | Sending): Check<Subject> {
  return {
    name: 'ready-tells-the-truth',
    demand: 'once it says that it is ready, the model can be asked',
    async run(subject) {
      const { before, listensMs = 0, readyMs = 0 } = subject.readiness;
      const asked = await sending(subject);
      const { status } = await subject.send(asked);
      if ([502, 503, 504].includes(status))
        return failed(
          `it was ready, and ${asked.method} ${asked.path} answered ${status}`,
          'say that it is ready when the model is loaded, and not before',
        );
      const seconds = (readyMs / 1000).toFixed(1);
      if (before.length > 0) return passed(`${before.join(', ')} at first, ready after ${seconds} s`);
      return passed(`it listened after ${(listensMs / 1000).toFixed(1)} s and was ready after ${seconds} s`);
    },
  };
}

/** Garbage must be the client's fault, and harm nobody. */
export function refusesGarbage(path: string, alive: string): Check<Subject> {
  return {
    name: 'bad-requests',
    demand: 'a body that cannot be read gets a 4xx, and the server lives on',
    async run(subject) {
      const headers = { 'Content-Type': 'application/json' };
      const reply = await subject.send({ method: 'POST', path, headers, body: '{"broken', timeoutMs: 30_000 });
      const after = await subject.send({ method: 'GET', path: alive, timeoutMs: 5000 });
      if (after.status >= 500)
        return failed(
          `after a broken body, GET ${alive} answered ${after.status}`,
          'catch errors of parsing in the handler',
        );
      if (reply.status >= 500)
        return failed(
          `a broken JSON body got ${reply.status}`,
          'answer 400 when a body cannot be parsed: 5xx makes platforms restart or retry',
        );
      return passed(String(reply.status));
    },
  };
}

/** Health must be told while a prediction runs. */
export function answersMeanwhile(sending: (subject: Subject) => Sending, health: string): Check<Subject> {
  return {
    name: 'health-while-busy',
    demand: `${health} answers within 2 s while predictions run`,
    async run(subject) {
      const busy = Promise.allSettled(Array.from({ length: 4 }, () => subject.send(sending(subject))));
      try {
        const replies = await Promise.all(
          Array.from({ length: 4 }, () => subject.send({ method: 'GET', path: health, timeoutMs: 2000 })),
        );
        const slowest = Math.max(...replies.map(({ ms }) => ms));
        const bad = replies.find(({ status }) => status >= 400);
        if (bad !== undefined)
          return failed(
            `GET ${health} answered ${bad.status}`,
            'run predictions in a thread, apart from the loop that answers health',
          );
        return passed(`at most ${slowest.toFixed(0)} ms`);
      } catch {
        return failed(
          `GET ${health} took longer than 2 s`,
          'run predictions in a thread, apart from the loop that answers health',
        );
      } finally {
        await busy;
      }
    },
  };
}

/** The architecture that clouds run unless they are told another. */
export const LINUX_AMD64: Check<ImageDetails> = {
  name: 'platform',
  demand: 'the image is for linux/amd64 or linux/arm64',
  run({ Os, Architecture }) {
    if (Os !== 'linux') return failed(`it is for ${Os}`, 'build it for linux');
    if (Architecture === 'amd64') return passed('linux/amd64');
    if (Architecture === 'arm64') return passed('linux/arm64: choose instances of that kind');
    return failed(`it is for ${Architecture}`, 'build it with --platform linux/amd64');
  },
};

/** A shell in between does not hand SIGTERM on. */
export const EXEC_FORM: Check<ImageDetails> = {
  name: 'exec-form',
  demand: 'no shell stands between the platform and the program',
  run({ Config }) {
    const words = Config?.Entrypoint?.length ? Config.Entrypoint : (Config?.Cmd ?? []);
    const isShell = /(^|\/)(ba|da|a)?sh$/.test(words[0] ?? '') && words[1] === '-c';
    if (!isShell || /^\s*exec\s/.test(words[2] ?? '')) return passed();
    return failed(
      `it starts ${words.slice(0, 2).join(' ')}, which does not hand SIGTERM on`,
      'write CMD and ENTRYPOINT as a JSON list',
    );
  },
};

/** How the container ended after it was asked to. */
export function endsGracefully({ exitCode, ms, graceSeconds }: Ending): Outcome {
  const seconds = (ms / 1000).toFixed(1);
  if (exitCode === 137)
    return failed(
      `it was still running ${graceSeconds} s after SIGTERM and was killed`,
      'start the program without a shell in between, and let it end at SIGTERM',
    );
  return passed(`after ${seconds} s with exit code ${exitCode}`);
}

/** What to make of an answer to a prediction. */
export function judgePrediction(reply: Reply, { isKnown, path }: { isKnown: boolean; path: string }): Outcome {
  const { status, ms } = reply;
  if (status === 404 || status === 405)
    return failed(`POST ${path} answered ${status}`, `answer predictions at POST ${path}`);
  if (status < 300) return passed(`${status} after ${ms.toFixed(0)} ms`);
  if (isKnown)
    return failed(
      `POST ${path} answered ${status}: ${shorten(reply.text)}`,
      'see why with: berth logs, or send another request with --request',
    );
  if (status >= 500)
    return failed(
      `POST ${path} answered ${status} to a request it does not know`,
      'answer 4xx to input that does not fit; or name a request that does with --request FILE',
    );
  return skipped(
    `POST ${path} answered ${status} to an example of ours; name a request that the model understands with --request FILE`,
  );
}

/** One line of an answer. */
export function shorten(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
