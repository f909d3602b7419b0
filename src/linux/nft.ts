import { run } from '#lib/run.ts';

/** A chain; those that the kernel calls itself at a place of a packet's way have a type, a hook and a policy. */
export interface NftChain {
  family: string;
  table: string;
  name: string;
  type: string;
  hook: string;
  policy: string;
}

/** One rule, as far as we look into it. */
export interface NftRule {
  handle: number;
  comment: string;
  /** Names of its statements and matches in order: `match`, `counter`, `drop`, … */
  expressions: readonly string[];
}

interface NftDocument {
  nftables: readonly Record<string, Record<string, unknown>>[];
}

/**
 * Runs an nft script: all of it takes effect at one moment, or nothing.
 * @throws {UnavailableError} if nft is not installed; {InternalError} with nft's own words
 */
export async function applyNft(script: string): Promise<void> {
  await run(['nft', '-f', '-'], { input: script });
}

/** Chains of all tables and families. */
export async function listChains(): Promise<NftChain[]> {
  return (await list('chain', ['list', 'chains'])).map((chain) => ({
    family: text(chain['family']),
    table: text(chain['table']),
    name: text(chain['name']),
    type: text(chain['type']),
    hook: text(chain['hook']),
    policy: text(chain['policy']),
  }));
}

/** Rules of one chain; empty if there is no such chain. */
export async function listRules({
  family,
  table,
  name,
}: Pick<NftChain, 'family' | 'table' | 'name'>): Promise<NftRule[]> {
  return (await list('rule', ['list', 'chain', family, table, name])).map((rule) => ({
    handle: Number(rule['handle']),
    comment: text(rule['comment']),
    expressions: ((rule['expr'] ?? []) as object[]).flatMap((expression) => Object.keys(expression)),
  }));
}

/** Tables of all families. */
export async function listTables(): Promise<{ family: string; name: string }[]> {
  const tables = await list('table', ['list', 'tables']);
  return tables.map((table) => ({ family: text(table['family']), name: text(table['name']) }));
}

/** Takes a table with all its chains away; none there is fine. */
export async function deleteTable(family: string, name: string): Promise<void> {
  // Naming it first makes the deletion succeed also when it is not there.
  await applyNft(`table ${family} ${name}\ndelete table ${family} ${name}\n`);
}

async function list(kind: string, args: readonly string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout } = await run(['nft', '--json', '--handle', ...args], { allowFailure: true });
  if (code !== 0 || stdout.trim() === '') return [];
  const document = JSON.parse(stdout) as NftDocument;
  return document.nftables.flatMap((entry) => (entry[kind] === undefined ? [] : [entry[kind]]));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
