import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAtomic } from '#lib/files/write-atomic.ts';

/**
 * Puts a secret that a program reads while it runs into a file for it to be mounted. The folder is the caller's alone, and in memory where
 * the host has such a place; the file itself can be read by whatever account the program runs as.
 * @returns its path
 */
export async function placeRunSecret(name: string, value: Uint8Array | string): Promise<string> {
  const folder = join(runtimeFolder(), 'berth-secrets');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const path = join(folder, name.replace(/[^\w.-]+/g, '-'));
  await writeAtomic(path, value, 0o444);
  await chmod(path, 0o444);
  return path;
}

function runtimeFolder(): string {
  const own = process.env['XDG_RUNTIME_DIR'];
  if (own !== undefined && own !== '' && existsSync(own)) return own;
  return process.getuid?.() === 0 && existsSync('/run') ? '/run' : tmpdir();
}
