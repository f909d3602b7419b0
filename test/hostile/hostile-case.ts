/** A layer that no honest program wrote, and what becomes of it as an image. */
export interface HostileLayer {
  what: string;
  tar: Buffer;
  /** What the error says, the entry's name among it; absent if the layer is harmless. */
  refused?: RegExp;
  /** Of a harmless one: paths that the image has, and what they are (`file content`, `-> target`, `folder`, `device`, `pipe`). */
  tree?: Readonly<Record<string, string>>;
}

/** The layer is refused; the error matches. */
export function bad(what: string, tar: Buffer, refused: RegExp): HostileLayer {
  return { what, tar, refused };
}

/** The layer is taken, and has these paths. */
export function fine(what: string, tar: Buffer, tree: Readonly<Record<string, string>> = {}): HostileLayer {
  return { what, tar, tree };
}
