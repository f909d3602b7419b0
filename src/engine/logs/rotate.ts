import { rename, rm, stat } from 'node:fs/promises';
import { InvalidArgumentError } from '#lib/errors.ts';

/** When a log is put aside, and how many files of it there are at most, the current one included. */
export interface RotationLimits {
  bytes: number;
  files: number;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Reads the log options `max-size` and `max-file`; undefined if the log may grow. @throws {InvalidArgumentError} */
export function parseRotation(options: Readonly<Record<string, string>>): RotationLimits | undefined {
  const size = options['max-size'];
  const count = options['max-file'];
  if (count !== undefined && !/^[1-9]\d{0,3}$/.test(count))
    throw new InvalidArgumentError(`invalid value for max-file: ${count}`);
  if (size === undefined) {
    if (count !== undefined && Number(count) > 1)
      throw new InvalidArgumentError('max-file cannot be set when max-size is not set');
    return undefined;
  }
  const [, number = '', unit = ''] = /^(\d+)(b|k|m|g|)b?$/i.exec(size) ?? [];
  const bytes = Number(number) * (UNITS[unit.toLowerCase()] ?? 0);
  if (bytes <= 0) throw new InvalidArgumentError(`invalid value for max-size: ${size}`);
  return { bytes, files: Number(count ?? 1) };
}

/**
 * Puts a log aside that has grown too large: `log` becomes `log.1`, `log.1` becomes `log.2`, the oldest goes.
 * `reopen` lets the writer begin a new file. @returns whether it was
 */
export async function rotateLog(path: string, limits: RotationLimits, reopen: () => Promise<void>): Promise<boolean> {
  const { size } = await stat(path);
  if (size < limits.bytes) return false;
  for (let number = limits.files - 1; number >= 1; number--)
    await rename(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
  if (limits.files === 1) await rm(path);
  await reopen();
  return true;
}
