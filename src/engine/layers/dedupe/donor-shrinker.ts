import { NotFoundError } from '#lib/errors.ts';
import type { Log } from '#lib/log.ts';
import type { Holds } from '../holds.ts';
import { type LayerPlaces, shrinkDonor } from './donor-garbage.ts';

/** Gives the space of those parts of donors back that no layer needs, in the background. */
export interface DonorShrinker extends AsyncDisposable {
  /** To be called when a layer became a donor, or one that has donors is gone. */
  wake(): void;
  /** Settles when nothing is left to be given back but what is held. */
  settled(): Promise<void>;
}

export interface DonorShrinkerOptions extends LayerPlaces {
  holds: Pick<Holds, 'isHeld'>;
  log: Log;
  /**
   * Whether files of layers may be mounted that no record tells of any more, because they were replaced meanwhile. What those read of donors is
   * not known, so donors stay as they are.
   */
  hasOldMounts(): boolean;
}

export function createDonorShrinker(options: DonorShrinkerOptions): DonorShrinker {
  const closing = new AbortController();
  /** Grows with each call of `wake`; what is done began with one of them. */
  let wanted = 0;
  let last = Promise.resolve();

  const work = async (round: number): Promise<void> => {
    const isOver = (): boolean => closing.signal.aborted || round !== wanted;
    if (!isOver() && !options.hasOldMounts()) await shrinkAll(options, isOver);
  };
  return {
    wake() {
      wanted += 1;
      const round = wanted;
      last = last
        .then(() => work(round))
        .catch((error: unknown) => options.log.warn('giving space back failed', { error: String(error) }));
    },
    settled: () => last,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await last;
    },
  };
}

async function shrinkAll(options: DonorShrinkerOptions, isOver: () => boolean): Promise<void> {
  const { records, holds, log } = options;
  const donors = records.list().filter(({ state }) => state === 'donor');
  for (const { diffId } of donors) {
    // Asked anew each time: the world goes on while the disk works.
    const donor = records.find(diffId);
    if (isOver()) return;
    if (donor?.state !== 'donor' || holds.isHeld(diffId)) continue;
    try {
      await shrinkDonor(options, donor, () => isOver() || holds.isHeld(diffId));
    } catch (error) {
      if (error instanceof NotFoundError) continue; // replaced or removed meanwhile, or damaged: that is told elsewhere
      log.warn('giving the space of a removed layer back failed', { layer: diffId, error: String(error) });
    }
  }
}
