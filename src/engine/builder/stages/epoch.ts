import { InvalidArgumentError } from '#lib/errors.ts';
import type { BuildRun } from '../build-run.ts';

const NAME = 'SOURCE_DATE_EPOCH';

/**
 * The time that everything of a result is given, seconds since epoch: of `--build-arg SOURCE_DATE_EPOCH`, or of the default that an ARG
 * before the first FROM has. The value `context` stands for the time of the context: of its commit, or as its server tells it.
 * @returns undefined if nobody asks for one, or the context has none
 * @throws {InvalidArgumentError} for a value that is no time
 */
export async function epochOf({
  request,
  plan,
  files,
}: Pick<BuildRun, 'request' | 'plan' | 'files'>): Promise<number | undefined> {
  const value = request.buildArgs.get(NAME) ?? plan.scope.values.get(NAME) ?? '';
  if (value === '') return undefined;
  if (/^-?\d{1,12}$/.test(value)) return Number(value);
  if (value !== 'context')
    throw new InvalidArgumentError(`invalid ${NAME}: ${value}`, {
      why: 'it is neither seconds since epoch nor the word context',
      hint: `pass a number, such as --build-arg ${NAME}=$(git log -1 --pretty=%ct)`,
    });
  await files.context();
  return (await files.opened())?.epoch;
}
