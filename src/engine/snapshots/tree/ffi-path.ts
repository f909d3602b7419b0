import type { Located } from '#lib/files/open-root.ts';

/** A located path as the functions of `linux` take it. Bytes that are no UTF-8 go as a zero-terminated buffer, which the calls below accept as text. */
export function ffiPath({ path }: Pick<Located, 'path'>): string {
  return typeof path === 'string' ? path : (Buffer.concat([path, Buffer.alloc(1)]) as unknown as string);
}
