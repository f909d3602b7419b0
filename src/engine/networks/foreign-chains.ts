import { applyNft, listChains, listRules, type NftChain } from '#linux/nft.ts';

/**
 * Somebody else's forward chain that refuses what it does not know (Docker's, ufw's, firewalld's) refuses our bridges too, whatever
 * our own table says. Each gets accept rules for the bridges in use, marked with `mark` in their comment; marked rules for other
 * bridges go. Our own table stays the one that decides what may pass.
 * @returns the chains that refuse, as `family table chain`; with bridges in use they hold rules of ours now
 */
export async function openForeignChains(mark: string, bridges: readonly string[]): Promise<string[]> {
  const chains = await listChains();
  const refusing = await findRefusing(chains);
  const script: string[] = [];
  for (const chain of chains.filter(({ table }) => !table.startsWith('berth_'))) {
    if (!mayHoldOurs(chain)) continue;
    const wanted = refusing.includes(chain) ? bridges.flatMap((bridge) => rulesFor(mark, bridge)) : [];
    script.push(...(await changesOf(chain, mark, wanted)));
  }
  if (script.length > 0) await applyNft(`${script.join('\n')}\n`);
  return refusing.map(nameOf);
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
  return isForward(chain) || chain.name === USER_CHAIN;
}

async function endsInRefusal(chain: NftChain): Promise<boolean> {
  const last = (await listRules(chain)).at(-1)?.expressions ?? [];
  return !last.includes('match') && (last.includes('reject') || last.includes('drop'));
}

function nameOf({ family, table, name }: NftChain): string {
  return `${family} ${table} ${name}`;
}
