/** Why a step was, or was not, taken from an earlier build. */
export interface Explanation {
  reason:
    | 'unchanged'
    /** Another build did it while this one waited. */
    | 'shared'
    | 'imported'
    /** Nothing like it was done here. */
    | 'first'
    | 'changed'
    /** What it is done on is another. */
    | 'before'
    | 'base'
    | 'no-cache'
    /** It was done, and its result is not here any more. */
    | 'gone';
  /** One line for people. */
  text: string;
  /** What differs from the step that stood at the same place the last time: `argument VERSION: 1 → 2`, `src/a.py changed`. */
  changes: readonly string[];
}

const CACHED: ReadonlySet<Explanation['reason']> = new Set(['unchanged', 'shared', 'imported'] as const);

/** Whether the step was taken from an earlier build. */
export function isCached({ reason }: Pick<Explanation, 'reason'>): boolean {
  return CACHED.has(reason);
}

/** What a step came to. */
export interface StepFacts {
  /** Content-addressed; hexadecimal. */
  key: string;
  why: Explanation;
  /** Of the layers that it left. */
  bytes: number;
}
