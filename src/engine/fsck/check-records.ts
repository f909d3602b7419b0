import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Check, type Step, tell } from './check.ts';
import { cacheMountRows } from './rows.ts';

/** Containers, volumes and steps of builds against the trees and folders they name. */
export async function* checkRecords(check: Check): AsyncGenerator<Step> {
  yield { phase: 'containers, volumes, build steps' };
  yield* checkContainers(check);
  yield* checkVolumes(check);
  yield* checkSteps(check);
  yield* checkCaches(check);
}

async function* checkContainers(check: Check): AsyncGenerator<Step> {
  const { containers, snapshots, volumes } = check.deps;
  const known = new Set((await volumes.list()).map(({ name }) => name));
  for (const { id, name, mounts, state } of containers.records()) {
    const isThere = async (): Promise<boolean> =>
      snapshots.stat(id).then(
        () => true,
        () => false,
      );
    const exists = (): boolean => state.status !== 'removing' && containers.records().some((one) => one.id === id);
    if (!(await isThere()) && exists() && !(await isThere()))
      yield await tell(check, {
        kind: 'container',
        subject: id,
        what: `container ${name} has no files`,
        why: `the snapshot that holds what it wrote is gone`,
        fix: `remove it with \`docker rm ${name}\` and create it again`,
      });
    const missing = mounts.filter((mount) => mount.type === 'volume' && !known.has(mount.name ?? ''));
    if (missing.length > 0 && exists())
      yield await tell(check, {
        kind: 'container',
        subject: id,
        what: `container ${name} uses a volume that is not there`,
        why: `no record of ${missing.map((mount) => mount.name).join(', ')}`,
        fix: `create it with \`docker volume create ${missing[0]?.name ?? ''}\`, or remove the container`,
      });
  }
}

async function* checkVolumes(check: Check): AsyncGenerator<Step> {
  for (const { name, mountpoint, options } of await check.deps.volumes.list()) {
    const isThere = (await stat(mountpoint).catch(() => undefined))?.isDirectory() === true;
    if (isThere || Object.keys(options).length > 0) continue;
    if ((await check.deps.volumes.list()).every((volume) => volume.name !== name)) continue;
    yield await tell(check, {
      kind: 'volume',
      subject: name,
      what: `volume ${name} has no folder`,
      why: `${mountpoint} is missing`,
      fix: `put the folder back from a backup, or remove the volume with \`docker volume rm ${name}\``,
    });
  }
}

async function* checkSteps(check: Check): AsyncGenerator<Step> {
  const { builder, snapshots } = check.deps;
  for (const { key, snapshot, description } of builder.steps()) {
    if (snapshot === undefined) continue;
    const isThere = await snapshots.stat(snapshot).then(
      () => true,
      () => false,
    );
    // Renamed or forgotten while this went on.
    if (isThere || builder.steps().every((step) => step.key !== key || step.snapshot !== snapshot)) continue;
    yield await tell(
      check,
      {
        kind: 'build-step',
        subject: key,
        what: `the build cache names a tree that is not there`,
        why: `step \`${description}\` left snapshot ${snapshot}, which is gone`,
        fix: 'run `berth fsck --repair`, which forgets the step; the next build does it again',
      },
      async () => {
        await builder.forget([key]);
        return 'the step was forgotten; the next build does it again';
      },
    );
  }
}

async function* checkCaches(check: Check): AsyncGenerator<Step> {
  const { builder, database, dataRoot } = check.deps;
  for (const { folder, id } of cacheMountRows(database)) {
    const isThere = (await stat(join(dataRoot, 'builder', 'caches', folder)).catch(() => undefined)) !== undefined;
    if (isThere || cacheMountRows(database).every((row) => row.folder !== folder)) continue;
    yield await tell(
      check,
      {
        kind: 'build-cache',
        subject: folder,
        what: `the build cache ${id} has no folder`,
        why: `its record names builder/caches/${folder}, which is missing`,
        fix: 'run `berth fsck --repair`, which forgets it; the next build begins a new one',
      },
      async () => {
        await builder.prune({ all: true, filters: [`id==${folder}`] });
        return 'it was forgotten; the next build begins a new one';
      },
    );
  }
}
