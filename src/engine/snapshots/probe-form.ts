import { mkdirSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { MountForm } from '#engine/layers/layer-store.ts';
import { DataLossError, UnavailableError } from '#lib/errors.ts';
import type { Log } from '#lib/log.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import { type FileForm, mountLayer } from './mount-layer.ts';
import { type ProbeLayer, writeProbeLayer } from './probe-layer.ts';
import type { SnapshotFolders } from './snapshot-folders.ts';
import type { Snapshotter } from './snapshotter.ts';

/** How layers are mounted on a data root. */
export interface ProbedForm {
  form: MountForm;
  /** Why better forms are not used, if one of them is not. */
  reason: string | undefined;
  /** What `docker info` shows. */
  status: Snapshotter['status'];
}

const FORMS: readonly FileForm[] = ['directio', 'buffered', 'loop'];

/** As `docker info` shows them. */
export const FORM_NAMES: Readonly<Record<MountForm, string>> = {
  directio: 'EROFS, mounted from the file, direct I/O',
  buffered: 'EROFS, mounted from the file, buffered',
  loop: 'EROFS, mounted through loop devices',
  directory: 'unpacked into folders',
};

/** Names that Docker shows, by the number that statfs(2) tells. */
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'extfs'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0xf2f52010, 'f2fs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
  [0x2fc12fc1, 'zfs'],
  [0x6969, 'nfs'],
]);

/**
 * Finds out how layers can be mounted here by mounting one on the data root, with an overlay over it, and reading it: kernels and disks differ
 * in ways that no version tells. Direct I/O is best, because content is cached once; a folder is the last resort.
 * @param wanted the one form to use
 * @throws {UnavailableError} if that does not work
 */
export async function probeForm(
  folders: Pick<SnapshotFolders, 'create'>,
  { wanted, log }: { wanted?: MountForm | undefined; log: Log },
): Promise<ProbedForm> {
  await using fresh = await folders.create();
  const layer = writeProbeLayer(fresh.path);
  const reasons: string[] = [];
  const works = (form: FileForm): boolean => {
    const reason = tryForm(fresh.path, layer, form);
    if (reason !== undefined) reasons.push(`${form}: ${reason}`);
    return reason === undefined;
  };
  const candidates = wanted === undefined ? FORMS : FORMS.filter((form) => form === wanted);
  const form = candidates.find(works) ?? 'directory';
  const failure = form === 'directory' ? tryFolder(fresh.path) : undefined;
  if (wanted !== undefined && wanted !== form)
    throw new UnavailableError(`layers cannot be mounted in the form ${wanted} here`, {
      why: reasons.join('; '),
      hint: 'start the engine without --layer-mounts: it takes the best form that works',
    });
  const reason = reasons.length === 0 ? undefined : reasons.join('; ');
  if (wanted === undefined && reason !== undefined)
    log.warn('layers are not mounted in the best form', { form, reason });
  const type = statfsSync(fresh.path).type;
  const status: [string, string][] = [
    ['Backing Filesystem', FILE_SYSTEMS.get(type) ?? `0x${type.toString(16)}`],
    ['Supports d_type', 'true'],
    ['Layer files', FORM_NAMES[form]],
    ...(reason === undefined ? [] : [['Not used', reason] as [string, string]]),
    ...(failure === undefined ? [] : [['Containers', `cannot start: ${failure}`] as [string, string]]),
  ];
  if (failure !== undefined)
    log.error('no container can start on this data root', {
      why: `overlayfs takes no folders of ${status[0]?.[1]}: ${failure}`,
      hint: 'put the data root on ext4, XFS or btrfs, for example on a volume',
    });
  return { form, reason, status };
}

/** What a trial came to. */
type Step = 'mount' | 'overlay over it' | 'read';

/** @returns why it does not work; undefined if it does */
function tryForm(folder: string, layer: ProbeLayer, form: FileForm): string | undefined {
  const folders = makeFolders(join(folder, form));
  const { lower, merged } = folders;
  let step: Step = 'mount';
  try {
    mountLayer(lower, layer, form);
    step = 'overlay over it';
    mountOver(folders);
    step = 'read';
    compare(merged, layer);
    return undefined;
  } catch (error) {
    return `${step}: ${errnoOf(error)}`;
  } finally {
    unmount(merged);
    unmount(lower);
  }
}

/** Whether folders can be stacked at least. */
function tryFolder(folder: string): string | undefined {
  const folders = makeFolders(join(folder, 'directory'));
  try {
    mountOver(folders);
    return undefined;
  } catch (error) {
    return errnoOf(error);
  } finally {
    unmount(folders.merged);
  }
}

/** The kernel's word for an error, without the paths of the trial. */
function errnoOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /\b(?:E[A-Z]{2,}|errno \d+)\b/.exec(text)?.[0] ?? text;
}

interface TrialFolders {
  lower: string;
  upper: string;
  work: string;
  merged: string;
}

function makeFolders(folder: string): TrialFolders {
  const at = (name: string): string => {
    mkdirSync(join(folder, name), { recursive: true });
    return join(folder, name);
  };
  return { lower: at('lower'), upper: at('upper'), work: at('work'), merged: at('merged') };
}

function mountOver({ lower, upper, work, merged }: TrialFolders): void {
  const options = [`lowerdir=${escaped(lower)}`, `upperdir=${escaped(upper)}`, `workdir=${escaped(work)}`];
  mountAt(merged, { type: 'overlay', source: 'overlay', options });
}

/** Letters that mean something in options. */
function escaped(path: string): string {
  return path.replaceAll(/[\\:,]/g, (letter) => `\\${letter}`);
}

function compare(merged: string, { files }: ProbeLayer): void {
  const names = readdirSync(merged, { recursive: true, encoding: 'utf8' }).toSorted();
  if (names.join() !== ['folder', ...files.keys()].join())
    throw new DataLossError('a layer was mounted and lists other names than it has');
  for (const [name, bytes] of files)
    if (!readFileSync(join(merged, name)).equals(bytes))
      throw new DataLossError(`a layer was mounted and ${name} reads as something else`);
}
