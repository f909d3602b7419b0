import { ConflictError, InvalidArgumentError } from '#lib/errors.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import { textDiff } from '#lib/text-diff.ts';
import { generateCompose } from '#ml/dockerfile/compose.ts';
import { readOwnFile, replaceOwnFile } from './own-file.ts';
import { openProject, type Project, type ProjectOptions, serviceProject } from './project.ts';
import { hasServices } from './serve-services.ts';
import { WRITTEN } from './write-dockerfile.ts';

export interface InitOptions {
  /** Instead of what the project says. */
  python?: string | undefined;
  /** Replaces what is there and different. */
  force: boolean;
  /** For builders without BuildKit: nothing is mounted in its steps. */
  classic: boolean;
  /** Models that the program fetches by name are fetched while the image is built. */
  bakeModels?: boolean;
  /** Only tells what would be done. */
  dryRun: boolean;
  /** `always`: exact versions are asked of the package index and written down. */
  index?: ProjectOptions['index'];
}

/** What became of a file, or would. */
export interface InitFile {
  path: string;
  state: 'new' | 'same' | 'changed';
  /** In the form of a patch; empty for bytes and for what stays. */
  diff: string;
}

export interface InitResult {
  files: readonly InitFile[];
  /** Whether what is new and changed was written. */
  written: boolean;
  project: Project;
}

/**
 * Writes a folder's Dockerfile, its ignore file, what these need, and a compose file where there are several services. Nothing is written if
 * something of it is there already in another form, unless that is wanted.
 * @throws {InvalidArgumentError} if nothing in the folder can be run
 */
export async function initProject(directory: string, options: InitOptions): Promise<InitResult> {
  const wanted: ProjectOptions = { python: options.python, ignoreDockerfile: true, index: options.index };
  const project = await openProject(directory, wanted);
  if (project.place !== project.directory)
    throw new InvalidArgumentError(`${directory} is a file`, {
      why: 'a Dockerfile is written for a folder',
      hint: 'put the model into a folder of its own, and name that',
    });
  const contents = await contentsOf(project, options);
  using root = openRoot(project.directory, { links: 'refuse' });
  const files = [...contents].map(([path, bytes]) => compare(root, path, bytes));
  const mayWrite = !options.dryRun && (options.force || files.every(({ state }) => state !== 'changed'));
  if (mayWrite)
    for (const { path, state } of files)
      if (state !== 'same') replaceOwnFile(root, { path, bytes: contents.get(path) ?? Buffer.alloc(0) }, project.owner);
  return { files, written: mayWrite, project };
}

/** @throws {ConflictError} if something stood in the way */
export function requireWritten({ files, written }: InitResult): void {
  const changed = files.filter(({ state }) => state === 'changed').map(({ path }) => path);
  if (written || changed.length === 0) return;
  throw new ConflictError(`${changed.join(', ')} ${changed.length === 1 ? 'is' : 'are'} there already, and different`, {
    why: 'nothing is overwritten without being asked; what would change is above',
    hint: 'take it over with --force',
  });
}

async function contentsOf(project: Project, options: InitOptions): Promise<Map<string, Uint8Array>> {
  if (!hasServices(project)) return filesOf(project, '', options);
  const contents = new Map<string, Uint8Array>();
  for (const service of project.plan.services) {
    const own = await serviceProject(project, service);
    const folder = service.directory === '' ? '' : `${service.directory}/`;
    for (const [path, bytes] of filesOf(own, folder, options)) contents.set(path, bytes);
  }
  const isTheirs = await hasOwnCompose(project);
  return isTheirs ? contents : contents.set('compose.yaml', Buffer.from(generateCompose(project.plan)));
}

/** Another file beside it would take its place, without what is only in theirs. */
async function hasOwnCompose({ tree }: Project): Promise<boolean> {
  for (const path of ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']) {
    const text = await tree.read(path);
    if (text !== undefined && !text.startsWith('# Written by berth ')) return true;
  }
  return false;
}

function filesOf({ dockerfile }: Project, folder: string, { classic, bakeModels = false }: InitOptions): Map<string, Uint8Array> {
  const way = { ...(classic ? WRITTEN.classic : WRITTEN.buildkit), bakeModels };
  const ignore = dockerfile.ignore === undefined ? [] : [['.dockerignore', Buffer.from(dockerfile.ignore)] as const];
  const texts = [['Dockerfile', Buffer.from(dockerfile.textFor(way))] as const, ...ignore, ...dockerfile.extra];
  return new Map(texts.map(([path, bytes]) => [`${folder}${path}`, bytes]));
} // prettier-ignore

function compare(root: Root, path: string, bytes: Uint8Array): InitFile {
  const former = readOwnFile(root, path);
  if (former === undefined) return { path, state: 'new', diff: '' };
  if (former.equals(bytes)) return { path, state: 'same', diff: '' };
  return { path, state: 'changed', diff: textDiff(former.toString('utf8'), Buffer.from(bytes).toString('utf8'), path) };
}
