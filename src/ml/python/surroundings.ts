/** Where in a file a piece of code stands, as far as it decides what the piece means. */
export interface Surroundings {
  /** Top-level function (or `Class.method`) that it stands in. */
  readonly inside: string | undefined;
  /** Class whose body, not whose methods, it stands in directly. */
  readonly ofClass: string | undefined;
  readonly inTry: boolean;
  /** In the block that only runs when the file is started. */
  readonly inMain: boolean;
  /** Under `if TYPE_CHECKING`, which never runs. */
  readonly typing: boolean;
  /** Under a condition that asks for a GPU. */
  readonly guarded: boolean;
  /** Under a condition that asks for the system or the version of Python. */
  readonly conditional: boolean;
}

export const TOP: Surroundings = {
  inside: undefined,
  ofClass: undefined,
  inTry: false,
  inMain: false,
  typing: false,
  guarded: false,
  conditional: false,
};

const MAIN = /^if\s*\(?\s*(?:__name__\s*==\s*['"]__main__['"]|['"]__main__['"]\s*==\s*__name__)/;
const HEAD_CHARACTERS = 200;

/** Text that a statement begins with, up to the end of its condition as far as that is near. */
function headOf(source: string, from: number): string {
  const line = source.indexOf('\n', from);
  return source.slice(from, Math.min(line === -1 ? source.length : line, from + HEAD_CHARACTERS));
}

export function isMainBlock(source: string, from: number): boolean {
  return MAIN.test(headOf(source, from));
}

/** Surroundings inside of an `if` statement or a conditional expression. */
export function underCondition(around: Surroundings, source: string, at: { from: number; to: number }): Surroundings {
  const head = at.to - at.from < HEAD_CHARACTERS ? source.slice(at.from, at.to) : headOf(source, at.from);
  const inMain = around.inMain || MAIN.test(head);
  const typing = around.typing || /^if\s*\(?\s*(?:typing\.|t\.)?TYPE_CHECKING\b/.test(head);
  const guarded = around.guarded || /is_available|device_count|list_physical_devices|cuda|gpu/i.test(head);
  const conditional =
    around.conditional || /sys\.(?:version_info|platform|version)|os\.name|platform\.|\bPY[23]\b/.test(head);
  return { ...around, inMain, typing, guarded, conditional };
}
