import { invalidFilter, type Filters } from '#api/filters.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Context } from './context.ts';
import { parsePort } from './ports.ts';
import type { ContainerRecord } from './record.ts';

/** Filters of a container list. */
export const LIST_FILTERS = [
  'ancestor', 'before', 'exited', 'expose', 'health', 'id', 'is-task', 'isolation', 'label', 'name', 'network', 'publish', 'since',
  'status', 'volume',
] as const; // prettier-ignore

const STATUSES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const HEALTHS = ['none', 'starting', 'healthy', 'unhealthy'];

/** Containers, newest first; only running ones unless `all`, `limit` or a filter by status says otherwise. */
export async function listContainers(
  context: Context,
  { all, limit, filters }: { all: boolean; limit?: number | undefined; filters: Filters },
): Promise<ContainerRecord[]> {
  checkValues(filters);
  const { records } = context;
  const everything = all || (limit !== undefined && limit > 0) || filters.has('status');
  const before = edge(context, filters, 'before');
  const since = edge(context, filters, 'since');
  const ancestors = await ancestorIds(context, filters.values('ancestor'));
  const found = records
    .list()
    .toSorted((a, b) => b.created - a.created)
    .filter(
      (record) =>
        (everything || ['running', 'paused', 'restarting'].includes(record.state.status)) &&
        (before === undefined || record.created < before) &&
        (since === undefined || record.created > since) &&
        (ancestors === undefined || ancestors.has(record.image)) &&
        matches(record, filters) &&
        matchesNetwork(record, filters),
    );
  return limit !== undefined && limit > 0 ? found.slice(0, limit) : found;
}

function matches(record: ContainerRecord, filters: Filters): boolean {
  const { state, config, hostConfig, mounts } = record;
  const exposed = config.exposedPorts.map(normalPort);
  const published = Object.keys(hostConfig.portBindings).map(normalPort);
  return (
    filters.prefix('id', record.id) &&
    (filters.matches('name', record.name) || filters.matches('name', `/${record.name}`)) &&
    filters.labels(config.labels) &&
    filters.exact('status', state.status) &&
    filters.exact('health', record.health?.status ?? 'none') &&
    (!filters.has('exited') ||
      (state.startedAt > 0 && state.status === 'exited' && filters.exact('exited', String(state.exitCode)))) &&
    (!filters.has('expose') || filters.values('expose').some((port) => inRange(port, exposed))) &&
    (!filters.has('publish') || filters.values('publish').some((port) => inRange(port, published))) &&
    (!filters.has('volume') ||
      filters
        .values('volume')
        .some((value) =>
          mounts.some(({ name, source, destination }) => [name, source, destination].includes(value)),
        )) &&
    filters.flag('is-task') !== true
  );
}

function matchesNetwork({ hostConfig, endpoints }: ContainerRecord, filters: Filters): boolean {
  const names = new Set([hostConfig.networkMode, ...Object.keys(endpoints)]);
  return !filters.has('network') || filters.values('network').some((value) => names.has(value));
}

function normalPort(text: string): string {
  const { containerPort, protocol } = parsePort(text);
  return `${containerPort}/${protocol}`;
}

/** `80`, `80/udp` or `8000-8010/tcp`. */
function inRange(text: string, ports: readonly string[]): boolean {
  const [range = '', protocol = 'tcp'] = text.split('/');
  const [first, last = first] = range.split('-').map(Number);
  return ports.some((port) => {
    const { containerPort, protocol: own } = parsePort(port);
    return own === protocol && containerPort >= (first ?? 0) && containerPort <= (last ?? 0);
  });
}

function edge({ records }: Context, filters: Filters, key: 'before' | 'since'): number | undefined {
  const [name] = filters.values(key);
  return name === undefined ? undefined : records.find(name).created;
}

/** Ids of the images named. An image that builds on one of them counts, too, when its layers begin with that one's. */
async function ancestorIds({ images }: Context, names: readonly string[]): Promise<ReadonlySet<string> | undefined> {
  if (names.length === 0) return undefined;
  const named = await Promise.all(names.map(async (name) => images.get(name).catch(() => undefined)));
  const stacks = named.flatMap((image) => (image === undefined ? [] : [image.config.rootfs.diff_ids]));
  const all = await images.list();
  const grown = all.filter(({ config: { rootfs } }) =>
    stacks.some((stack) => stack.length > 0 && stack.every((diffId, index) => rootfs.diff_ids[index] === diffId)),
  );
  return new Set([...named, ...grown].flatMap((image) => (image === undefined ? [] : [image.id])));
}

function checkValues(filters: Filters): void {
  for (const value of filters.values('status')) if (!STATUSES.includes(value)) throw invalidFilter('status', value);
  for (const value of filters.values('health')) if (!HEALTHS.includes(value)) throw invalidFilter('health', value);
  for (const value of filters.values('exited')) if (!/^-?\d+$/.test(value)) throw invalidFilter('exited', value);
  for (const key of ['expose', 'publish'])
    for (const value of filters.values(key))
      if (!/^\d+(?:-\d+)?(?:\/(?:tcp|udp|sctp))?$/.test(value))
        throw new InvalidArgumentError(`invalid filter '${key}=${value}'`);
}
