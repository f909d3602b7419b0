import { run } from '#lib/run.ts';
import { applyNft, listChains, listRules, type NftChain } from '#linux/nft.ts';
import { openLegacyChain } from './legacy-chain.ts';

/**
 * Somebody else's forward chain that refuses what it does not know (Docker's, ufw's, firewalld's) refuses our bridges too, whatever
 * our own table says. Each gets accept rules for the bridges in use, marked with `mark` in their comment; marked rules for other
 * bridges go. Our own table stays the one that decides what may pass.
 * @returns the chains that refuse, as `family table chain`; with bridges in use they hold rules of ours now
 */
export async function openForeignChains(mark: string, bridges: readonly string[]): Promise<string[]> {
  const chains = await listChains();
  const refusing = await findRefusing(chains);
  for (const chain of chains.filter(mayHoldOurs)) {
    const wanted = refusing.includes(chain) ? bridges.flatMap((bridge) => rulesFor(mark, bridge)) : [];
    const changes = await changesOf(chain, mark, wanted);
    if (changes.length === 0) continue;
    await applyNft(`${changes.join('\n')}\n`).catch(async (error: unknown) => {
      // A firewalld that owns its table lets nobody change it, but takes the bridge into its trusted zone.
      if (chain.table !== FIREWALLD) throw error;
      await trustBridges(bridges);
    });
  }
  const legacy = await openLegacyChain(mark, bridges);
  return [...refusing.map(nameOf), ...legacy];
}

const FIREWALLD = 'firewalld';

/** For as long as firewalld runs: nothing is written to its configuration, and an interface that goes leaves the zone. */
async function trustBridges(bridges: readonly string[]): Promise<void> {
  for (const bridge of bridges)
    await run(['firewall-cmd', '--quiet', '--zone=trusted', `--change-interface=${bridge}`]);
}

interface AcceptRule {
  comment: string;
  match: string;
}

function rulesFor(mark: string, bridge: string): AcceptRule[] {
  return [
    { comment: `${mark} from ${bridge}`, match: `iifname "${bridge}"` },
    { comment: `${mark} to ${bridge}`, match: `oifname "${bridge}"` },
  ];
}

async function changesOf(chain: NftChain, mark: string, wanted: readonly AcceptRule[]): Promise<string[]> {
  const there = (await listRules(chain)).filter(({ comment }) => comment.startsWith(`${mark} `));
  const missing = wanted.filter((rule) => !there.some(({ comment }) => comment === rule.comment));
  const superfluous = there.filter(({ comment }) => !wanted.some((rule) => rule.comment === comment));
  return [
    ...missing.map(({ match, comment }) => `insert rule ${nameOf(chain)} ${match} accept comment "${comment}"`),
    ...superfluous.map(({ handle }) => `delete rule ${nameOf(chain)} handle ${handle}`),
  ];
}

/** Forward chains that refuse by policy or by their last rule; for Docker's the chain that it leaves to others. */
async function findRefusing(chains: readonly NftChain[]): Promise<NftChain[]> {
  const found = new Set<NftChain>();
  for (const chain of chains.filter(isForward)) {
    if (chain.policy !== 'drop' && !(await endsInRefusal(chain))) continue;
    const forUsers = chains.find(
      ({ family, table, name }) => family === chain.family && table === chain.table && name === USER_CHAIN,
    );
    found.add(chain.name === 'FORWARD' && forUsers !== undefined ? forUsers : chain);
  }
  return [...found];
}

const USER_CHAIN = 'DOCKER-USER';

function isForward({ family, type, hook, table }: NftChain): boolean {
  return (
    (family === 'ip' || family === 'inet') && type === 'filter' && hook === 'forward' && !table.startsWith('berth_')
  );
}

function mayHoldOurs(chain: NftChain): boolean {
  return isForward(chain) || (chain.name === USER_CHAIN && !chain.table.startsWith('berth_'));
}

async function endsInRefusal(chain: NftChain): Promise<boolean> {
  const last = (await listRules(chain)).at(-1)?.expressions ?? [];
  return !last.includes('match') && (last.includes('reject') || last.includes('drop'));
}

function nameOf({ family, table, name }: NftChain): string {
  return `${family} ${table} ${name}`;
}
