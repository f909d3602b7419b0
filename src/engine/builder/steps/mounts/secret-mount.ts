import { chmod, chown, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { MountFlag } from '#dockerfile/mount-flag.ts';
import type { RunOnceMount } from '#engine/containers/run-once.ts';
import { InvalidArgumentError, NotFoundError, TooLargeError } from '#lib/errors.ts';
import type { SecretSource } from '../../sources/client-sources.ts';
import type { StepInput } from '../step.ts';

const LIMIT_BYTES = 500 * 1024;
const FOLDER = '/run/secrets';

/** A secret that a step is given: as a file, in a variable, or both. */
export interface SecretMount {
  id: string;
  /** Where the file is seen. */
  destination: string | undefined;
  /** Name of the variable. */
  variable: string | undefined;
  mode: number;
  uid: number;
  gid: number;
  isRequired: boolean;
}

/** @param resolve makes a path absolute */
export function planSecret(flag: MountFlag, resolve: (path: string) => string): SecretMount {
  const { target, source, mode = 0o400, uid = 0, gid = 0, required } = flag;
  const written = source === '' ? flag.id : source;
  const id = written === '' ? basename(target) : written;
  if (id === '')
    throw new InvalidArgumentError('one of source, target required', {
      why: 'RUN --mount=type=secret does not say which secret it wants',
      hint: 'write id=<name>, as the secret is called in --secret id=<name>,src=<file>',
    });
  const variable = flag.env === '' ? undefined : flag.env;
  if (variable !== undefined && /[=\0]/.test(variable))
    throw new InvalidArgumentError(`${JSON.stringify(variable)} cannot be the name of a variable`);
  const byDefault = variable === undefined ? `${FOLDER}/${basename(id)}` : undefined;
  const destination = target === '' ? byDefault : resolve(target);
  return { id, destination, variable, mode, uid, gid, isRequired: required };
}

/** What the step depends on: all but the value, which is asked for only when the step is done. */
export function secretInput({ id, destination = '', variable = '', mode, uid, gid }: SecretMount): StepInput {
  return { name: `secret ${id}`, value: [destination, variable, mode, uid, gid] };
}

/** A secret, as a process gets it. */
export interface OpenedSecret {
  mounts: RunOnceMount[];
  /** `NAME=value`. */
  env: string[];
  value: Buffer;
}

/**
 * Asks the client for it.
 * @param folder in memory
 * @returns undefined if there is none and none is required
 * @throws {NotFoundError} {TooLargeError}
 */
export async function openSecret(
  secrets: SecretSource,
  { id, destination, variable, mode, uid, gid, isRequired }: SecretMount,
  folder: () => Promise<string>,
): Promise<OpenedSecret | undefined> {
  const value = await secrets.get(id);
  if (value === undefined && !isRequired) return undefined;
  if (value === undefined)
    throw new NotFoundError(`secret ${id}: not found`, {
      why: 'the step requires it, and the client did not offer it',
      hint: `build with --secret id=${id},src=<file> or --secret id=${id},env=<variable>`,
    });
  if (value.length > LIMIT_BYTES)
    throw new TooLargeError(`secret ${id} is too large: ${value.length} bytes`, {
      why: `a secret has at most ${LIMIT_BYTES} bytes`,
    });
  const env = variable === undefined ? [] : [`${variable}=${textOf(id, value)}`];
  if (destination === undefined) return { mounts: [], env, value };
  const source = join(await folder(), `secret-${Buffer.from(id).toString('base64url').slice(0, 64)}-${nextNumber()}`);
  await writeFile(source, value, { mode: 0o600, flag: 'wx' });
  await chown(source, uid, gid);
  await chmod(source, mode & 0o7777);
  return { mounts: [{ source, destination, options: ['ro', 'nosuid', 'nodev', 'noexec'] }], env, value };
}

let count = 0;

function nextNumber(): number {
  count += 1;
  return count;
}

/** A variable holds no zero byte. */
function textOf(id: string, value: Buffer): string {
  if (!value.includes(0)) return value.toString('utf8');
  throw new InvalidArgumentError(`secret ${id} cannot be given in a variable: it has a zero byte`, {
    hint: 'mount it as a file: leave env= away',
  });
}
