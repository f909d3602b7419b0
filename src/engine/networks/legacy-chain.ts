import { readFileSync } from 'node:fs';
import { run } from '#lib/run.ts';

const PROGRAM = 'iptables-legacy';
const WAIT_SECONDS = '5';

/**
 * The same for a firewall that speaks the interface that came before nftables, which nft does not show.
 * @returns the chain that refuses, if there is one
 * @throws {UnavailableError} if there are such rules and no program to change them
 */
export async function openLegacyChain(mark: string, bridges: readonly string[]): Promise<string[]> {
  if (!hasLegacyRules()) return [];
  const { stdout } = await iptables('--list-rules');
  const lines = stdout.split('\n');
  const isRefusing = lines.includes('-P FORWARD DROP');
  const chain = lines.includes('-N DOCKER-USER') ? 'DOCKER-USER' : 'FORWARD';
  const wanted = isRefusing ? bridges.flatMap((bridge) => rulesFor(mark, bridge)) : [];
  const there = lines.filter((line) => line.includes(`--comment "${mark} `));
  for (const rule of wanted)
    if (!there.some((line) => line.includes(rule.comment))) await change('--insert', chain, rule);
  for (const line of there) {
    const rule = parseRule(line);
    if (rule !== undefined && !wanted.some(({ comment }) => comment === rule.comment))
      await change('--delete', rule.chain, rule);
  }
  return isRefusing ? [`${PROGRAM} filter ${chain}`] : [];
}

interface LegacyRule {
  comment: string;
  /** `-i` or `-o`. */
  direction: string;
  bridge: string;
}

function rulesFor(mark: string, bridge: string): LegacyRule[] {
  return [
    { comment: `${mark} from ${bridge}`, direction: '-i', bridge },
    { comment: `${mark} to ${bridge}`, direction: '-o', bridge },
  ];
}

async function change(verb: '--insert' | '--delete', chain: string, rule: LegacyRule): Promise<void> {
  const { comment, direction, bridge } = rule;
  await iptables(verb, chain, direction, bridge, '-m', 'comment', '--comment', comment, '-j', 'ACCEPT');
}

/** `-A FORWARD -i b0 -m comment --comment "berth_x from b0" -j ACCEPT` */
function parseRule(line: string): (LegacyRule & { chain: string }) | undefined {
  const [, chain, direction, bridge, comment] =
    /^-A (\S+) (-[io]) (\S+) -m comment --comment "([^"]*)" -j ACCEPT$/.exec(line) ?? [];
  if (chain === undefined || direction === undefined || bridge === undefined || comment === undefined) return undefined;
  return { chain, direction, bridge, comment };
}

async function iptables(...args: string[]): Promise<{ stdout: string }> {
  return run([PROGRAM, '--wait', WAIT_SECONDS, ...args]);
}

/** Tables that have been used in the calling thread's network namespace. */
function hasLegacyRules(): boolean {
  try {
    return readFileSync('/proc/thread-self/net/ip_tables_names', 'utf8').split('\n').includes('filter');
  } catch {
    return false;
  }
}
