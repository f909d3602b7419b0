import type { Descriptor } from '#oci/descriptor.ts';
import type { Layer, StepResult } from '../layers.ts';

/** A step that a build came by, done or cached. */
export interface StepTrace extends StepResult {
  key: string;
  /** Key of what it was done on. */
  parent: string;
  description: string;
  /** Index of its stage. */
  stage: number;
  /** What led to it without looking at files, once that is known. */
  shortcut?: Promise<string | undefined>;
  /** What names it by how the stage is made that its files are of. */
  origin?: Promise<string | undefined>;
}

/** What one build, for all its platforms, has to do with what is kept. */
export interface BuildCache extends Disposable {
  /** Keeps a step from being removed while the build runs. */
  hold(key: string): void;
  /** Remembers a step for who exports what the build left. */
  trace(step: StepTrace): void;
  /** Adds to a step what its files are made by. */
  nameOrigin(key: string, origin: Promise<string | undefined>): void;
  /** Each once, in the order in which they were done. */
  traces(): readonly StepTrace[];
  /** Results that others have exported; looked at when there is none here. */
  imported: ImportedSteps | undefined;
}

/** Results of steps that were done elsewhere. */
export interface ImportedSteps {
  /**
   * Fetches what a step left.
   * @returns undefined if none of the caches has it, or it cannot be fetched
   */
  fetch(ask: ImportAsk): Promise<(StepResult & { from: string }) | undefined>;
  /** Cache mounts that were exported as well. */
  mounts(): readonly ImportedMount[];
  /** The step that a shortcut, or an origin, led to there. */
  follow(shortcut: string): string | undefined;
}

/** A cache mount that lies elsewhere as a tar. */
export interface ImportedMount {
  id: string;
  blob: Descriptor;
  open: () => Promise<AsyncIterable<Uint8Array>>;
}

export interface ImportAsk {
  key: string;
  /** As the history names a step of one layer. */
  title: string;
  /** What it is done on, bottom first. */
  stack: readonly Layer[];
  /** Its files may turn out not to be needed: they are fetched when they are. */
  isDeferred: boolean;
  /** Told when they are here. */
  arrived(result: StepResult): void;
  warn(text: string): void;
  signal: AbortSignal;
}

/** Steps that running builds use, with how many do. */
export interface StepUses {
  has(key: string): boolean;
  open(): BuildCache;
}

export function createStepUses(): StepUses {
  const counts = new Map<string, number>();
  const change = (key: string, by: number): void => {
    const count = (counts.get(key) ?? 0) + by;
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  };
  return {
    has: (key) => counts.has(key),
    open() {
      const held = new Set<string>();
      const traces = new Map<string, StepTrace>();
      return {
        imported: undefined,
        hold(key) {
          if (held.has(key)) return;
          held.add(key);
          change(key, 1);
        },
        trace: (step) => void traces.set(step.key, step),
        nameOrigin(key, origin) {
          const step = traces.get(key);
          if (step !== undefined) traces.set(key, { ...step, origin });
        },
        traces: () => [...traces.values()],
        [Symbol.dispose]() {
          for (const key of held) change(key, -1);
          held.clear();
        },
      };
    },
  };
}
