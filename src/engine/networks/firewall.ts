import type { Log } from '#lib/log.ts';
import { applyNft, deleteTable } from '#linux/nft.ts';
import { openForeignChains } from './foreign-chains.ts';
import { type TableState, tableScript } from './rules.ts';

/** The engine's rules in the kernel. */
export interface Firewall {
  /** Resolves when rules that know the state of now, or a later one, are in force. Calls that come together share one change. */
  refresh(options?: { force?: boolean }): Promise<void>;
  /** Takes all rules of this engine away. */
  remove(): Promise<void>;
}

export interface FirewallState extends TableState {
  /** Bridges with containers. */
  inUse: readonly string[];
}

/** Foreign chains can appear at any time; they are looked for when a network comes into use, and now and then. */
const FOREIGN_CHECK_MS = 10_000;

export function openFirewall(deps: { engineId: string; state: () => FirewallState; log: Log }): Firewall {
  const { engineId, state, log } = deps;
  const table = `berth_${engineId}`;
  let inForce = '';
  let stale = false;
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const foreign = { inUse: '', checked: 0 };

  const openForeign = async (inUse: readonly string[]): Promise<void> => {
    const key = inUse.toSorted().join(' ');
    if (key === foreign.inUse && Date.now() - foreign.checked < FOREIGN_CHECK_MS) return;
    try {
      const chains = await openForeignChains(table, inUse);
      if (chains.length > 0 && key !== foreign.inUse)
        log.info('another firewall refuses forwarding: our bridges have accept rules in it', {
          chains: chains.join(', '),
        });
      foreign.inUse = key;
      foreign.checked = Date.now();
    } catch (error) {
      log.warn('forward chains of other programs could not be looked at', { reason: (error as Error).message });
    }
  };
  const apply = async (): Promise<void> => {
    const now = state();
    const script = tableScript(table, now);
    if (stale || script !== inForce) {
      inForce = '';
      stale = false;
      await applyNft(script);
      inForce = script;
    }
    await openForeign(now.inUse);
  };

  return {
    async refresh({ force = false } = {}) {
      stale ||= force;
      next ??= (async () => {
        await running.catch(() => {});
        next = undefined;
        running = apply();
        await running;
      })();
      await next;
    },
    async remove() {
      await running.catch(() => {});
      inForce = '';
      await deleteTable('inet', table);
      await openForeignChains(table, []);
      foreign.inUse = '';
    },
  };
}
