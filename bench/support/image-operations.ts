/** What the image benchmark measures: how it is asked for, in which state, and what is to be reached against the best peer. */
export interface Operation {
  name: OperationName;
  unit: 'ms' | 'MB';
  command: string;
  /** State of caches and file system. */
  state: string;
  /** `faster`: the peer's figure through ours is at least this; `share`: ours through the peer's is at most this; `below`: ours is at most this. */
  goal?: { kind: 'faster' | 'share' | 'below'; value: number };
}

export type OperationName = (typeof NAMES)[number];

const NAMES = [
  'load',
  'peak-own',
  'peak-resident',
  'first-run',
  'save',
  'second',
  'disk-two',
  'rmi-second',
  'cold-import',
  'rmi',
  'reload',
  'import',
  'load-curl',
] as const;

const FRESH = 'ext4 made just now in a loop file, archive in the page cache';
const AFTER = 'synced; in the page cache is what the load left there';
const MEMORY = 'highest sum over the engine and its children, every 100 ms';

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'load',
    unit: 'ms',
    command: 'docker load -i first.docker.tar',
    state: FRESH,
    goal: { kind: 'faster', value: 4.5 },
  },
  { name: 'load-curl', unit: 'ms', command: 'curl -T first.docker.tar …/images/load', state: FRESH },
  {
    name: 'import',
    unit: 'ms',
    command: 'docker import first.layer.tar',
    state: FRESH,
    goal: { kind: 'faster', value: 4 },
  },
  {
    name: 'save',
    unit: 'ms',
    command: 'docker save bench/ml:first >/dev/null',
    state: AFTER,
    goal: { kind: 'faster', value: 10 },
  },
  { name: 'rmi', unit: 'ms', command: 'docker rmi bench/ml:first', state: AFTER, goal: { kind: 'faster', value: 10 } },
  {
    name: 'first-run',
    unit: 'ms',
    command: 'docker run --rm bench/ml:first true',
    state: 'the first after load; synced',
    goal: { kind: 'faster', value: 2 },
  },
  {
    name: 'cold-import',
    unit: 'ms',
    command: 'docker run --rm --network none bench/ml:first python3 -c "import torch", timed inside',
    state: 'page cache and inodes dropped',
    goal: { kind: 'share', value: 1.05 },
  },
  { name: 'second', unit: 'ms', command: 'docker load -i second.docker.tar', state: 'the first version is there' },
  {
    name: 'disk-two',
    unit: 'MB',
    command: 'blocks of the data root',
    state: 'both versions loaded, synced',
    goal: { kind: 'share', value: 0.58 },
  },
  { name: 'rmi-second', unit: 'ms', command: 'docker rmi bench/ml:second', state: 'the first version stays; synced' },
  {
    name: 'reload',
    unit: 'ms',
    command: 'docker load -i first.docker.tar',
    state: 'right after rmi of the same image',
  },
  {
    name: 'peak-own',
    unit: 'MB',
    command: `load: ${MEMORY}`,
    state: 'anonymous and shared memory; the page cache left out',
    goal: { kind: 'below', value: 250 },
  },
  { name: 'peak-resident', unit: 'MB', command: `load: ${MEMORY}`, state: 'with mapped programs and libraries' },
];
