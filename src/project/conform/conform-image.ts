import type { ImageDetails } from '#api/answers.ts';
import { formatEngineAddress } from '#client/address.ts';
import { inspectImage } from '#client/images.ts';
import type { Client } from '#client/transport.ts';
import { BerthError, CancelledError, InvalidArgumentError } from '#lib/errors.ts';
import { endsGracefully } from './checks.ts';
import type { Check, CheckResult, ConformOptions, Contract, Outcome, Readiness, Subject, Target } from './contract.ts';
import { failed, skipped } from './contract.ts';
import { COG } from './contracts/cog.ts';
import { HTTP } from './contracts/http.ts';
import { KSERVE } from './contracts/kserve.ts';
import { SAGEMAKER } from './contracts/sagemaker.ts';
import { judgeReadiness } from './judge-readiness.ts';
import { send } from './send.ts';
import { type Started, startSubject } from './start-subject.ts';

const CONTRACTS: Readonly<Record<Target, Contract>> = { sagemaker: SAGEMAKER, kserve: KSERVE, cog: COG, http: HTTP };

export const TARGETS = Object.keys(CONTRACTS) as readonly Target[];

/** What came of all demands of a contract. */
export interface Conformance {
  image: string;
  target: Target;
  title: string;
  conforms: boolean;
  results: readonly CheckResult[];
  /** The end of the container's log, if it did not get ready. */
  lastWords: string | undefined;
}

/**
 * Tests an image against a contract from outside: starts it as the platform would, asks it, ends it.
 * @throws {NotFoundError} if the image is not there; {InvalidArgumentError} if it cannot be started or asked
 */
export async function conformImage(
  client: Client,
  { image: reference, target }: { image: string; target: Target },
  options: ConformOptions = {},
): Promise<Conformance> {
  requireOwnMachine(client);
  const contract = CONTRACTS[target];
  const image = await inspectImage(client, reference);
  const results = await runAll(contract.imageChecks, image);
  const started = await startSubject(client, { image, contract, reference }, options);
  const ran =
    started instanceof BerthError
      ? neverStarted(contract, started)
      : await runStarted(contract, { image, started }, options);
  results.push(...ran.results);
  const conforms = results.every(({ outcome }) => outcome.state !== 'failed');
  return { image: reference, target, title: contract.title, conforms, results, lastWords: ran.lastWords };
}

interface Ran {
  results: readonly CheckResult[];
  lastWords: string | undefined;
}

function neverStarted(contract: Contract, error: BerthError): Ran {
  const { command } = contract;
  const how = command === undefined ? '' : ` with the argument ${command.join(' ')}`;
  const fix =
    command === undefined ? 'see whether berth run starts it' : `let its entry point understand ${command.join(' ')}`;
  const why = error.why === undefined ? error.message : `${error.message}: ${error.why}`;
  const first = { name: 'gets-ready', demand: `it can be started${how}`, outcome: failed(why, fix) };
  return {
    results: [first, ...contract.checks.map((check) => resultOf(check, skipped('it was never ready')))],
    lastWords: undefined,
  };
}

async function runStarted(
  contract: Contract,
  { image, started }: { image: ImageDetails; started: Started },
  options: ConformOptions,
): Promise<Ran> {
  await using _ = started;
  const readiness = await started.readiness();
  const ready = await judgeReadiness(contract, { image, started, readiness }, options);
  const isReady = ready.outcome.state === 'passed';
  const subject = subjectOf({ image, started, readiness }, options);
  const asked = isReady
    ? await runAll(contract.checks, subject)
    : contract.checks.map((check) => resultOf(check, skipped('it was never ready')));
  if (options.signal?.aborted === true) throw new CancelledError('cancelled');
  const lastWords = isReady ? undefined : await started.lastWords();
  return { results: [ready, ...asked, await endResult(contract, started)], lastWords };
}

function requireOwnMachine({ address }: Client): void {
  if (address.kind === 'unix' || /^(localhost|127\.|::1$)/.test(address.host)) return;
  throw new InvalidArgumentError(`the engine at ${formatEngineAddress(address)} is on another machine`, {
    why: 'the container is asked on 127.0.0.1 of the machine that the engine runs on',
    hint: 'run the command there',
  });
}

function resultOf<S>({ name, demand }: Check<S>, outcome: Outcome): CheckResult {
  return { name, demand, outcome };
}

/** One after the other: one that fails says nothing of the next. */
async function runAll<S>(checks: readonly Check<S>[], subject: S): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) results.push(resultOf(check, await outcomeOf(check, subject)));
  return results;
}

async function outcomeOf<S>(check: Check<S>, subject: S): Promise<Outcome> {
  try {
    return await check.run(subject);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const why = error.why === undefined ? error.message : `${error.message}: ${error.why}`;
    return failed(why, error.hint ?? 'answer it, or see why not with: berth logs');
  }
}

function subjectOf(
  { image, started, readiness }: { image: ImageDetails; started: Started; readiness: Readiness },
  options: ConformOptions,
): Subject {
  const { port } = started;
  return { image, port, readiness, options, send: (sending) => send({ host: '127.0.0.1', port }, sending) };
}

async function endResult(contract: Contract, started: Started): Promise<CheckResult> {
  const check = { name: 'graceful-end', demand: `it ends within ${contract.graceSeconds} s after SIGTERM` };
  if (!(await started.state()).running) return { ...check, outcome: skipped('it does not run any more') };
  return { ...check, outcome: endsGracefully(await started.end()) };
}
