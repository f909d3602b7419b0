import { open } from 'node:fs/promises';
import { findProgram } from './find-program.ts';

/** Programs that reap and hand signals on as a container's first process; all take `-- COMMAND`. */
const NAMES = ['docker-init', 'tini-static', 'tini', 'catatonit', 'dumb-init'];

/** The host's program for `--init`: it runs in any image, so one that needs the host's libraries is passed over. */
export async function findInitProgram(): Promise<string | undefined> {
  for (const name of NAMES) {
    const path = await findProgram(name);
    if (path !== undefined && (await isStatic(path))) return path;
  }
  return undefined;
}

const HEAD_BYTES = 4096;
const PROGRAM_HEADERS = { at: 32, size: 54, count: 56 };
const PT_INTERP = 3;

/** Whether a 64-bit little-endian ELF file names no loader (ELF-64 object file format, program header table). */
export async function isStatic(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  if (bytesRead < 64 || buffer.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return false;
  const start = Number(buffer.readBigUInt64LE(PROGRAM_HEADERS.at));
  const size = buffer.readUInt16LE(PROGRAM_HEADERS.size);
  for (let index = 0; index < buffer.readUInt16LE(PROGRAM_HEADERS.count); index++) {
    const at = start + index * size;
    if (at + 4 > bytesRead || buffer.readUInt32LE(at) === PT_INTERP) return false;
  }
  return true;
}
