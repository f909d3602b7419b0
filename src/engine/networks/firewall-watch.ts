import type { Log } from '#lib/log.ts';
import { listTables } from '#linux/nft.ts';
import { watchNft } from '#linux/nft-monitor.ts';

/** Changes come in bursts: a firewall that reloads, a Docker that starts. */
const OWN_DELAY_MS = 50;
const FOREIGN_DELAY_MS = 300;

export interface FirewallChanges {
  /** Our table is not there any more: without it ports lead nowhere and containers lie open. */
  ownGone(): Promise<void>;
  /** Somebody else's chains are not what they were. */
  foreignChanged(): Promise<void>;
}

/** Watches what others do to the packet filter. Where the kernel does not tell, nothing is watched, with a warning. */
export function watchFirewall(table: string, changes: FirewallChanges, log: Log): Disposable {
  const own = debounce(OWN_DELAY_MS, async () => {
    const tables = await listTables();
    if (!tables.some(({ family, name }) => family === 'inet' && name === table)) await changes.ownGone();
  });
  const foreign = debounce(FOREIGN_DELAY_MS, async () => changes.foreignChanged());
  const warn = (error: unknown): void =>
    log.warn('a change of the packet filter could not be followed', { reason: (error as Error).message });
  try {
    const watch = watchNft((found) => {
      if (found.some(({ kind, table: name }) => kind === 'unknown' || (kind === 'table-gone' && name === table)))
        own.soon(warn);
      if (found.some(({ kind, table: name }) => kind === 'unknown' || !name.startsWith('berth_'))) foreign.soon(warn);
    });
    return {
      [Symbol.dispose]() {
        watch[Symbol.dispose]();
        own.stop();
        foreign.stop();
      },
    };
  } catch (error) {
    warn(error);
    return { [Symbol.dispose]() {} };
  }
}

/** Runs `work` once, a while after the first of several calls. */
function debounce(
  delayMs: number,
  work: () => Promise<void>,
): { soon(failed: (error: unknown) => void): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    soon(failed) {
      timer ??= setTimeout(() => {
        timer = undefined;
        work().catch(failed);
      }, delayMs).unref();
    },
    stop: () => clearTimeout(timer),
  };
}
