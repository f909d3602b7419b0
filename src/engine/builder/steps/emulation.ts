import { closeSync, readSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { isErrno } from '#lib/files/file-error.ts';
import { findRegular } from '#lib/files/open-regular.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { UnavailableError } from '#lib/errors.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';

/** Where the kernel tells which programs it hands to an interpreter (Documentation/admin-guide/binfmt-misc.rst). */
const HANDLERS = '/proc/sys/fs/binfmt_misc';

/** What the head of a program says (ELF): bits, byte order, machine. */
interface Machine {
  bits: 32 | 64;
  isBigEndian?: boolean;
  number: number;
}

const MACHINES: Readonly<Record<string, Machine>> = {
  amd64: { bits: 64, number: 62 },
  '386': { bits: 32, number: 3 },
  arm64: { bits: 64, number: 183 },
  arm: { bits: 32, number: 40 },
  riscv64: { bits: 64, number: 243 },
  ppc64le: { bits: 64, number: 21 },
  s390x: { bits: 64, isBigEndian: true, number: 22 },
  loong64: { bits: 64, number: 258 },
  mips64le: { bits: 64, number: 8 },
  mips64: { bits: 64, isBigEndian: true, number: 8 },
};

/** Processors that run programs of an older one by themselves. */
const COMPATIBLE: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] };

/** What a check looks at. */
export interface CheckOptions {
  host?: Platform;
  /** Folder of the kernel's handlers. */
  handlers?: string;
  /** First bytes of the program that is to run, if they can be read: what an image says about itself may be wrong. */
  head?: () => Buffer | undefined;
}

/**
 * Makes sure that programs of a platform can run here, by the processor itself or by an interpreter that the kernel knows.
 * @throws {UnavailableError} with what to install
 */
export async function checkCanRun(
  platform: Platform,
  { host = hostPlatform(), handlers = HANDLERS, head }: CheckOptions = {},
): Promise<void> {
  const { os, architecture } = platform;
  if (os === host.os && architecture === host.architecture) return;
  if (isProgramOf(host.architecture, head?.())) return;
  const found = os === host.os ? await findHandler(architecture, handlers) : undefined;
  if (found?.isFixed === true) return;
  if (os === host.os && COMPATIBLE[host.architecture]?.includes(architecture) === true) return;
  const [wanted, own] = [formatPlatform(platform), formatPlatform(host)];
  const what = `RUN for ${wanted} cannot be done on this host, which is ${own}`;
  if (os !== host.os) throw new UnavailableError(what, { why: `programs of ${os} run on ${os} only` });
  if (found !== undefined)
    throw new UnavailableError(what, {
      why: `the kernel's handler ${found.name} starts ${found.interpreter}, which is not in the image: it is registered without the flag F`,
      hint: 'register it again with the flag F: install the packages qemu-user-static and binfmt-support, which do so',
    });
  throw new UnavailableError(what, {
    why: `no handler for programs of ${architecture} is registered and enabled in ${handlers}`,
    hint: `install the packages qemu-user-static and binfmt-support, or cross-compile: FROM --platform=$BUILDPLATFORM and RUN with TARGETARCH`,
  });
}

/** An interpreter that the kernel starts for programs of another machine. */
export interface Handler {
  name: string;
  interpreter: string;
  /** It was opened when it was registered, so that it also runs where its path leads nowhere: the flag F. */
  isFixed: boolean;
}

/** The enabled handler for an architecture, one that is fixed first. */
export async function findHandler(architecture: string, folder: string = HANDLERS): Promise<Handler | undefined> {
  const machine = MACHINES[architecture];
  if (machine === undefined) return undefined;
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (isErrno(error, 'ENOENT', 'EACCES')) return [];
    throw error;
  });
  const status = names.includes('status') ? await readFile(join(folder, 'status'), 'utf8') : '';
  if (status.trim() !== 'enabled') return undefined;
  const head = programHead(machine);
  const found: Handler[] = [];
  for (const name of names.filter((entry) => entry !== 'status' && entry !== 'register')) {
    const handler = readHandler(name, await readFile(join(folder, name), 'utf8'), head);
    if (handler !== undefined) found.push(handler);
  }
  return found.find(({ isFixed }) => isFixed) ?? found[0];
}

/** The first bytes of a program of a tree; undefined if it is none that can be read. */
export function readHead(tree: string, program: string): Buffer | undefined {
  if (!program.startsWith('/')) return undefined;
  using root = openRoot(tree);
  const file = findRegular(root, program);
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.subarray(0, readSync(file.fd, bytes));
  } finally {
    closeSync(file.fd);
  }
}

const HEAD_BYTES = 20;

function isProgramOf(architecture: string, head: Buffer | undefined): boolean {
  const machine = MACHINES[architecture];
  if (machine === undefined || head === undefined || head.length < HEAD_BYTES) return false;
  const own = programHead(machine);
  const isSame = (from: number, to: number): boolean => own.subarray(from, to).equals(head.subarray(from, to));
  return isSame(0, 6) && isSame(18, HEAD_BYTES);
}

/** The first bytes of a program for a machine (System V ABI, ELF header). */
function programHead({ bits, isBigEndian = false, number }: Machine): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, isBigEndian ? 2 : 1, 1]);
  const write = isBigEndian ? 'writeUInt16BE' : 'writeUInt16LE';
  head[write](2, 16);
  head[write](number, 18);
  return head;
}

/** A handler's file: `enabled`, `interpreter PATH`, `flags: F`, `offset N`, `magic HEX`, `mask HEX`. */
function readHandler(...[name, text, head]: [name: string, text: string, head: Buffer]): Handler | undefined {
  const field = (key: string): string => new RegExp(`^${key}:? (.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const [magic, mask] = [field('magic'), field('mask')].map((hex) => Buffer.from(hex, 'hex'));
  if (!/^enabled$/m.test(text) || magic === undefined || magic.length === 0) return undefined;
  const offset = Number(field('offset'));
  const fits = magic.every((byte, index) => {
    const bits = mask?.[index] ?? 0xff;
    return ((head[offset + index] ?? 0) & bits) === (byte & bits);
  });
  return fits ? { name, interpreter: field('interpreter'), isFixed: field('flags').includes('F') } : undefined;
}
