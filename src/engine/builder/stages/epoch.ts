import { InvalidArgumentError } from '#lib/errors.ts';
import type { BuildRun } from '../build-run.ts';

const NAME = 'SOURCE_DATE_EPOCH';

/**
 * The time that everything of a result is given, seconds since epoch: of `--build-arg SOURCE_DATE_EPOCH`, or of the default that an ARG
 * before the first FROM has. The value `context` stands for the time of the context: of its commit, as its server tells it, or of the newest file in
 * an archive.
 * @returns undefined if nobody asks for one, or the context has none
 * @throws {InvalidArgumentError} for a value that is no time
 */
export async function epochOf({
  request,
  plan,
  files,
}: Pick<BuildRun, 'request' | 'plan' | 'files'>): Promise<number | undefined> {
  const value = writtenEpoch({ request, plan });
  if (value !== 'context') return value === '' ? undefined : Number(value);
  await files.context();
  return (await files.opened())?.epoch;
}

/** Lets instructions see the time instead of the word `context`. @throws {InvalidArgumentError} for a value that is no time */
export async function settleEpoch(build: Pick<BuildRun, 'request' | 'plan' | 'files'>): Promise<void> {
  if (writtenEpoch(build) !== 'context') return;
  const { scope } = build.plan;
  const epoch = await epochOf(build);
  scope.build.passed = new Map([...scope.build.passed, [NAME, epoch === undefined ? '' : String(epoch)]]);
}

function writtenEpoch({ request, plan }: Pick<BuildRun, 'request' | 'plan'>): string {
  const value = request.buildArgs.get(NAME) ?? plan.scope.values.get(NAME) ?? '';
  if (/^([+-]?\d{1,12}|context|)$/.test(value)) return value;
  throw new InvalidArgumentError(`invalid ${NAME}: ${value}`, {
    why: 'it is neither seconds since epoch nor the word context',
    hint: `pass a number, such as --build-arg ${NAME}=$(git log -1 --pretty=%ct)`,
  });
}
