import { UnavailableError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import type { Places } from './places.ts';

interface NftObject {
  family: string;
  name: string;
  table?: string;
  chain?: string;
  handle?: number;
  comment?: string;
}

/** Removes bridges, tables and accept rules that carry the engine's id, and nothing else. @returns what went, for people */
export async function clearNetwork({ id }: Places): Promise<string[]> {
  if (id === '') return [];
  return [...(await removeLinks(id)), ...(await removeRules(id))];
}

async function removeLinks(id: string): Promise<string[]> {
  const links = (await ask(['ip', '-json', 'link', 'show'])) as { ifname: string; ifalias?: string }[] | undefined;
  const own = (links ?? []).filter(({ ifalias }) => ifalias?.startsWith(`berth:${id}:`));
  for (const { ifname } of own) await run(['ip', 'link', 'delete', ifname], { allowFailure: true });
  return own.map(({ ifname }) => `interface ${ifname}`);
}

async function removeRules(id: string): Promise<string[]> {
  const answer = (await ask(['nft', '--json', 'list', 'ruleset'])) as
    | { nftables?: { table?: NftObject; rule?: NftObject }[] }
    | undefined;
  const gone: string[] = [];
  for (const { table, rule } of answer?.nftables ?? []) {
    if (table?.name === `berth_${id}`) {
      await run(['nft', 'delete', 'table', table.family, table.name], { allowFailure: true });
      gone.push(`table ${table.family} ${table.name}`);
    }
    // Marked accept rules in the chains of another firewall.
    if (rule?.comment?.includes(`berth:${id}`) === true && rule.table !== `berth_${id}`) {
      const place = [rule.family, rule.table ?? '', rule.chain ?? ''];
      await run(['nft', 'delete', 'rule', ...place, 'handle', String(rule.handle)], { allowFailure: true });
      gone.push(`rule in ${place.join(' ')}`);
    }
  }
  return gone;
}

/** Without the program there is nothing that it could have made. */
async function ask(command: readonly [string, ...string[]]): Promise<unknown> {
  try {
    const { stdout } = await run(command, { allowFailure: true });
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  } catch (error) {
    if (error instanceof UnavailableError) return undefined;
    throw error;
  }
}
