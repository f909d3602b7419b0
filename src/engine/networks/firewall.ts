import type { Log } from '#lib/log.ts';
import { applyNft, deleteTable } from '#linux/nft.ts';
import { watchFirewall } from './firewall-watch.ts';
import { openForeignChains } from './foreign-chains.ts';
import { portsScript, type TableState, tableScript } from './rules.ts';

/** The engine's rules in the kernel. */
export interface Firewall {
  /** Resolves when rules that know the state of now, or a later one, are in force. Calls that come together share one change. */
  refresh(options?: { force?: boolean }): Promise<void>;
  /** Takes all rules of this engine away. */
  remove(): Promise<void>;
  /** Stops following what others change, and waits for what is under way; the rules stay. */
  close(): Promise<void>;
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
  const foreign = followForeignChains(table, log);
  let inForce: TableState | undefined;
  let forced = false;
  let watch: Disposable | undefined;
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  const ownGone = async (): Promise<void> => {
    if (inForce === undefined) return;
    log.warn('our rules were removed from the packet filter by another program; they are back now', { table });
    await refresh({ force: true });
  };
  const foreignChanged = async (): Promise<void> => foreign.follow(state().inUse, { now: state().inUse.length > 0 });
  const close = async (): Promise<void> => {
    watch?.[Symbol.dispose]();
    watch = undefined;
    await running.catch(() => {});
    await foreign.settled();
  };
  const apply = async (): Promise<void> => {
    const now = state();
    const former = inForce;
    inForce = undefined;
    await applyChange(table, former, now);
    inForce = now;
    await foreign.follow(now.inUse);
  };

  const refresh: Firewall['refresh'] = async ({ force = false } = {}) => {
    forced ||= force;
    watch ??= watchFirewall(table, { ownGone, foreignChanged }, log);
    next ??= (async () => {
      await running.catch(() => {});
      next = undefined;
      if (forced) inForce = undefined;
      forced = false;
      running = apply();
      await running;
    })();
    await next;
  };
  return {
    refresh,
    close,
    async remove() {
      await close();
      inForce = undefined;
      await deleteTable('inet', table);
      await foreign.follow([], { now: true });
    },
  };
}

/** Changes what has changed; the whole table where that is more than ports, or where somebody else has changed the table. */
async function applyChange(table: string, from: TableState | undefined, to: TableState): Promise<void> {
  if (from !== undefined && JSON.stringify(from.bridges) === JSON.stringify(to.bridges)) {
    const script = portsScript(table, { from: from.ports, to: to.ports });
    const isDone = script === '' || (await applyNft(script).then(
      () => true,
      () => false,
    )); // prettier-ignore
    if (isDone) return;
  }
  await applyNft(tableScript(table, to));
}

interface ForeignFollower {
  /** Gives the bridges in use their way through other programs' chains, and takes that of others away. */
  follow(inUse: readonly string[], options?: { now: boolean }): Promise<void>;
  /** When nothing is looked at any more. */
  settled(): Promise<void>;
}

function followForeignChains(mark: string, log: Log): ForeignFollower {
  const known = { checked: 0, refusing: [] as readonly string[], served: '' };
  let job: Promise<void> = Promise.resolve();

  const look = async (inUse: readonly string[]): Promise<void> => {
    const bridges = inUse.join(' ');
    known.checked = Date.now();
    try {
      known.refusing = await openForeignChains(mark, inUse);
      if (known.refusing.length > 0 && bridges !== '' && bridges !== known.served)
        log.info('another firewall refuses forwarding: our bridges have accept rules in it', {
          chains: known.refusing.join(', '),
          bridges,
        });
      known.served = known.refusing.length > 0 ? bridges : '';
    } catch (error) {
      log.warn('forward chains of other programs could not be looked at', { reason: (error as Error).message });
    }
  };

  return {
    async follow(inUse, { now } = { now: false }) {
      const isFirst = known.checked === 0;
      const isOld = inUse.length > 0 && Date.now() - known.checked > FOREIGN_CHECK_MS;
      const isOther = known.refusing.length > 0 && inUse.join(' ') !== known.served;
      if (!isOld && !isOther && !now) return;
      job = job.then(async () => look(inUse));
      // Where no chain refused so far nobody waits: one that came since is found before a container's process runs.
      if (isFirst || now || known.refusing.length > 0) await job;
    },
    settled: async () => job,
  };
}
