import type { ChangedNode } from './changed-tree.ts';
import type { Distribution } from './find-distributions.ts';

/** A layer of its own. */
export interface Part {
  /** What it holds: of a distribution its name and version. */
  title: string;
  /** Files, and folders with all that is in them; none lies in another one. */
  paths: readonly string[];
}

export interface PartLimits {
  /** Layers that there may be at most, besides the one with all the rest. */
  layers: number;
}

/** A layer is not worth its place for less. */
const SMALLEST_BYTES = 32 * 1024;
/** From here on receipts get another layer: with them, a distribution that others depend on would be another one than if asked for. */
const LARGE_BYTES = 4 * 1024 * 1024;

const REST = -1;
const SEVERAL = -2;
/** Layers that are no distribution's. */
const RECEIPTS = -3;
const COMPILED = -4;
const COMPILED_FILE = /^((?:.*\/)?)__pycache__\/([^/]+?)\.[a-z]+-?\d+[^/]*\.pyc$/;

/**
 * Says which of the changed files get a layer of their own: those of the largest distributions, largest first. With the rest stay what no
 * record names or more than one does, programs in `bin` (their first line names the interpreter), files with several names, and what hides
 * lower files.
 *
 * Files that Python compiled of what the image has below, its own library above all, get one as well: they come with each first run of a
 * program and are the same each time.
 */
export function assignFiles(
  changes: readonly ChangedNode[],
  distributions: readonly Distribution[],
  limits: PartLimits,
): Part[] {
  const claims = claimsOf(distributions);
  const sizes = measure(changes, claims, distributions.length);
  const chosen = distributions
    .map((_, index) => index)
    .filter((index) => (sizes[index] ?? 0) >= SMALLEST_BYTES)
    .toSorted((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0) || compareNames(distributions[a], distributions[b]));
  const hasLarge = (sizes[chosen[0] ?? -1] ?? 0) >= LARGE_BYTES;
  const kept = chosen.slice(0, Math.max(0, limits.layers - (hasLarge ? 2 : 1)));
  if (kept.length === 0) return [];
  const keeps = new Set(kept);
  const receipts = new Set(
    kept.flatMap((index) => ((sizes[index] ?? 0) >= LARGE_BYTES ? (distributions[index]?.receipts ?? []) : [])),
  );
  const present = new Set<string>();
  visitFiles(changes, (path) => present.add(path));
  const ownerOf = (path: string): number => {
    const claimed = claims.get(path) ?? (isCompiledBelow(path, present) ? COMPILED : REST);
    if (claimed === COMPILED) return COMPILED;
    if (!keeps.has(claimed)) return REST;
    return receipts.has(path) ? RECEIPTS : claimed;
  };
  const paths = movesOf(changes, ownerOf);
  const titleOf = (index: number): string => `${distributions[index]?.name} ${distributions[index]?.version}`;
  const titles: [number, string][] = [
    ...kept.map((index): [number, string] => [index, titleOf(index)]),
    [RECEIPTS, 'records of large packages'],
    [COMPILED, 'compiled Python files'],
  ];
  return titles
    .map(([owner, title]) => ({ title, paths: paths.get(owner) ?? [] }))
    .filter((part) => part.paths.length > 0);
}

/** Whether its source is not among the changes. */
function isCompiledBelow(path: string, present: ReadonlySet<string>): boolean {
  const [, folder, module] = COMPILED_FILE.exec(path) ?? [];
  return folder !== undefined && !present.has(`${folder}${module}.py`);
}

function visitFiles(nodes: readonly ChangedNode[], tell: (path: string, node: ChangedNode) => void, folder = ''): void {
  for (const node of nodes) {
    const path = folder === '' ? node.name : `${folder}/${node.name}`;
    if (node.kind === 'directory') visitFiles(node.children, tell, path);
    else tell(path, node);
  }
}

function compareNames(a: Distribution | undefined, b: Distribution | undefined): number {
  return (a?.record ?? '') < (b?.record ?? '') ? -1 : 1;
}

/** Whose a path is, by index. */
function claimsOf(distributions: readonly Distribution[]): Map<string, number> {
  const claims = new Map<string, number>();
  // What conda installs has records of both kinds.
  const byConda = new Set(distributions.flatMap(({ kind, files }) => (kind === 'conda' ? files : [])));
  for (const [index, { files, kind, record }] of distributions.entries()) {
    if (kind === 'python' && byConda.has(`${record}/METADATA`)) continue;
    const folder = record.slice(0, Math.max(0, record.lastIndexOf('/')));
    for (const path of files) {
      const other = claims.get(path) ?? index;
      const isProgram = kind === 'python' && !path.startsWith(`${folder}/`) && /(^|\/)bin\/[^/]+$/.test(path);
      claims.set(path, other !== index || isProgram ? SEVERAL : index);
    }
  }
  return claims;
}

function measure(nodes: readonly ChangedNode[], claims: ReadonlyMap<string, number>, count: number): number[] {
  const sizes = Array.from({ length: count }, () => 0);
  visitFiles(nodes, (path, node) => {
    const owner = claims.get(path) ?? REST;
    if (owner >= 0 && isPlain(node)) sizes[owner] = (sizes[owner] ?? 0) + node.size;
  });
  return sizes;
}

function isPlain({ kind, links }: ChangedNode): boolean {
  return (kind === 'file' || kind === 'symlink') && links === 1;
}

interface Seen {
  /** The one owner of all of it, or `SEVERAL`. */
  owner: number;
  /** What is taken out of it, where it has several. */
  moves: readonly (readonly [owner: number, path: string])[];
}

function movesIn({ owner, path, moves }: Seen & { path: string }): Seen['moves'] {
  if (owner === SEVERAL) return moves;
  return owner === REST ? [] : [[owner, path]];
}

/** What is moved where, by owner: of a folder that is all of one, the folder. */
function movesOf(nodes: readonly ChangedNode[], ownerOf: (path: string) => number): Map<number, string[]> {
  const look = (node: ChangedNode, path: string): Seen => {
    if (node.kind !== 'directory') return { owner: isPlain(node) ? ownerOf(path) : REST, moves: [] };
    const children = node.children.map((child) => ({
      path: `${path}/${child.name}`,
      ...look(child, `${path}/${child.name}`),
    }));
    const owner = children[0]?.owner ?? REST;
    if (owner !== SEVERAL && children.every((child) => child.owner === owner)) return { owner, moves: [] };
    // What it hides would be hidden in the layers below the rest as well.
    return { owner: SEVERAL, moves: node.hides ? [] : children.flatMap(movesIn) };
  };
  const byOwner = new Map<number, string[]>();
  for (const [owner, path] of nodes.flatMap((node) => movesIn({ path: node.name, ...look(node, node.name) }))) {
    const list = byOwner.get(owner);
    if (list === undefined) byOwner.set(owner, [path]);
    else list.push(path);
  }
  return byOwner;
}
