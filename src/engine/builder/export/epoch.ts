import { InvalidArgumentError } from '#lib/errors.ts';
import type { BuildRun } from '../build-run.ts';

/** The point in time that a build is for, seconds since epoch; undefined if nobody says. @throws {InvalidArgumentError} */
export function epochOf({ request, plan }: Pick<BuildRun, 'request' | 'plan'>): number | undefined {
  const value = request.buildArgs.get(NAME) ?? plan.scope.values.get(NAME) ?? '';
  if (value === '') return undefined;
  const seconds = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(seconds * 1000)) return seconds;
  throw new InvalidArgumentError(`invalid ${NAME}: ${JSON.stringify(value)}`, {
    why: 'it is a number of seconds since 1970',
    hint: `give it like --build-arg ${NAME}=$(git log -1 --pretty=%ct)`,
  });
}

const NAME = 'SOURCE_DATE_EPOCH';
