import { InvalidArgumentError } from '#lib/errors.ts';

/** Whether an attribute steers overlayfs. Such a one never comes from outside and never goes out. */
export function isOverlayAttribute(name: string): boolean {
  return name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.');
}

/** @throws {InvalidArgumentError} */
export function refuseOverlayAttributes(path: string, names: Iterable<string>): void {
  for (const name of names)
    if (isOverlayAttribute(name))
      throw new InvalidArgumentError(`${path}: attribute ${name} is not allowed in an archive`, {
        why: 'it would change what the layers below show',
      });
}
