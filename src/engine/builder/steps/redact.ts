/** Takes secrets out of what a process writes; what may be the beginning of one is held back until it is known. */
export interface Redaction {
  /** @returns what can be told by now */
  push(chunk: Uint8Array): Buffer;
  /** @returns what was held back */
  end(): Buffer;
}

const MASK = Buffer.from('****');
/** What is shorter stands in every text by chance. */
const SHORTEST_BYTES = 6;

/** For one stream. A line of a secret counts as one, since programs print them line by line. */
export function createRedaction(secrets: readonly Buffer[]): Redaction {
  const needles = needlesOf(secrets);
  if (needles.length === 0) return { push: (chunk) => Buffer.from(chunk), end: () => Buffer.alloc(0) };
  let held = Buffer.alloc(0);
  return {
    push(chunk) {
      const { told, rest } = replace(Buffer.concat([held, chunk]), needles);
      held = rest;
      return told;
    },
    end() {
      const rest = held;
      held = Buffer.alloc(0);
      return rest;
    },
  };
}

/** Longest first: one may contain another. */
function needlesOf(secrets: readonly Buffer[]): Buffer[] {
  const texts = secrets.flatMap((secret) => [secret, ...lines(secret)]);
  const needles = texts.map(trimmed).filter((text) => text.length >= SHORTEST_BYTES);
  const unique = new Map(needles.map((needle) => [needle.toString('latin1'), needle]));
  return [...unique.values()].toSorted((a, b) => b.length - a.length);
}

function lines(secret: Buffer): Buffer[] {
  return secret
    .toString('latin1')
    .split('\n')
    .map((line) => Buffer.from(line, 'latin1'));
}

function trimmed(text: Buffer): Buffer {
  return Buffer.from(text.toString('latin1').trim(), 'latin1');
}

function replace(text: Buffer, needles: readonly Buffer[]): { told: Buffer; rest: Buffer<ArrayBuffer> } {
  const parts: Buffer[] = [];
  let at = 0;
  for (let found = next(text, at, needles); found !== undefined; found = next(text, at, needles)) {
    parts.push(text.subarray(at, found.at), MASK);
    at = found.at + found.length;
  }
  const keep = unfinished(text.subarray(at), needles);
  parts.push(text.subarray(at, text.length - keep));
  return { told: Buffer.concat(parts), rest: Buffer.from(text.subarray(text.length - keep)) };
}

/** The first place of any; the longest one there. */
function next(
  text: Buffer,
  ...[from, needles]: [from: number, needles: readonly Buffer[]]
): { at: number; length: number } | undefined {
  let best: { at: number; length: number } | undefined;
  for (const needle of needles) {
    const at = text.indexOf(needle, from);
    if (at >= 0 && (best === undefined || at < best.at)) best = { at, length: needle.length };
  }
  return best;
}

/** Bytes at the end that a secret may begin with. */
function unfinished(text: Buffer, needles: readonly Buffer[]): number {
  const longest = needles[0]?.length ?? 0;
  for (let length = Math.min(longest - 1, text.length); length > 0; length--) {
    const end = text.subarray(text.length - length);
    if (needles.some((needle) => needle.length > length && needle.subarray(0, length).equals(end))) return length;
  }
  return 0;
}
