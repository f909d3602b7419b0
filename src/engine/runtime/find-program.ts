import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Path of a program in PATH or where administrators' programs are; undefined if it is in none of them. */
export async function findProgram(program: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).concat(['/usr/local/sbin', '/usr/sbin', '/sbin']);
  for (const folder of folders) {
    const path = join(folder, program);
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && there) return path;
  }
  return undefined;
}
