import { closeSync, readSync } from 'node:fs';
import { InvalidArgumentError } from '#lib/errors.ts';
import { c, checked } from './ffi.ts';
import { numbers } from './numbers.ts';

/** A new mount, parameter by parameter: no page of options limits it, and no letter in a path means anything. */
export interface MountParameters {
  type: string;
  /** In order; one without a value is a flag. */
  parameters: readonly (readonly [name: string, value?: string])[];
  isReadOnly: boolean;
}

const AT_FDCWD = -100;
const CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const MOUNT_ATTR_RDONLY = 1;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MESSAGE_BYTES = 1024;

/**
 * Mounts by fsopen(2) and its family.
 * @throws {InvalidArgumentError} with what the kernel said about a parameter; what `checked` makes of other errors
 */
export function mountByParameters(target: string, { type, parameters, isReadOnly }: MountParameters): void {
  const { syscalls } = numbers();
  const context = checked(c.syscall(syscalls.fsopen, 'str', type, 'uint', CLOEXEC), `open a context of ${type}`);
  try {
    for (const [name, value] of parameters) setParameter(context, name, value);
    const create = configure(context, { command: FSCONFIG_CMD_CREATE, name: null, value: null });
    if (create < 0) throw refused(context, `mount ${type} at ${target}`);
    const attributes = isReadOnly ? MOUNT_ATTR_RDONLY : 0;
    const mount = checked(
      c.syscall(syscalls.fsmount, 'int', context, 'uint', CLOEXEC, 'uint', attributes),
      `make a mount of ${type}`,
    );
    try {
      // eslint-disable-next-line max-params -- the kernel's own
      const moved = c.syscall(
        syscalls.moveMount,
        'int',
        mount,
        'str',
        '',
        'int',
        AT_FDCWD,
        'str',
        target,
        'uint',
        MOVE_MOUNT_F_EMPTY_PATH,
      );
      checked(moved, `put a mount of ${type} at ${target}`);
    } finally {
      closeSync(mount);
    }
  } finally {
    closeSync(context);
  }
}

function setParameter(context: number, name: string, value: string | undefined): void {
  const command = value === undefined ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
  if (configure(context, { command, name, value: value ?? null }) < 0)
    throw refused(context, `mount parameter ${name}${value === undefined ? '' : `=${value}`}`);
}

function configure(
  context: number,
  { command, name, value }: { command: number; name: string | null; value: string | null },
): number {
  // eslint-disable-next-line max-params -- the kernel's own
  return c.syscall(
    numbers().syscalls.fsconfig,
    'int',
    context,
    'uint',
    command,
    'str',
    name,
    'str',
    value,
    'int',
    0,
  ) as number;
}

/** The kernel keeps what it has to say in the context, one message a read, with a letter for its weight in front. */
function refused(context: number, what: string): Error {
  const messages: string[] = [];
  const buffer = Buffer.alloc(MESSAGE_BYTES);
  try {
    for (;;) messages.push(buffer.toString('utf8', 0, readSync(context, buffer)).trim().slice(2));
  } catch {
    // No more messages.
  }
  return new InvalidArgumentError(`${what}: refused`, messages.length === 0 ? {} : { why: messages.join('; ') });
}
