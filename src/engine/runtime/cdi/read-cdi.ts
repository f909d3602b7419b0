import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BerthError } from '#lib/errors.ts';
import { isErrno } from '#lib/files/file-error.ts';
import { type CdiDevice, type CdiSpec, parseCdiSpec } from './cdi-spec.ts';

/** Where devices are described; what a later folder says holds (CDI specification, SPEC.md#cdi-json-specification). */
export const CDI_FOLDERS: readonly string[] = ['/etc/cdi', '/var/run/cdi'];

/** A device of this host that a description names. */
export interface KnownDevice {
  /** `vendor/class=name`. */
  name: string;
  device: CdiDevice;
  spec: CdiSpec;
  /** File that describes it. */
  file: string;
}

export interface CdiReading {
  devices: ReadonlyMap<string, KnownDevice>;
  /** What cannot be used, one line each. */
  problems: readonly string[];
}

/** Reads all descriptions; what is wrong with one file is told and does not hide the others. */
export async function readCdi(folders: readonly string[] = CDI_FOLDERS): Promise<CdiReading> {
  const devices = new Map<string, KnownDevice>();
  const problems: string[] = [];
  for (const folder of folders) {
    const { own, twice } = await readFolder(folder, problems);
    for (const name of twice) {
      problems.push(`${name} is described twice in ${folder}`);
      own.delete(name);
      devices.delete(name);
    }
    for (const [name, known] of own) devices.set(name, known);
  }
  return { devices, problems };
}

async function readFolder(
  folder: string,
  problems: string[],
): Promise<{ own: Map<string, KnownDevice>; twice: Set<string> }> {
  const own = new Map<string, KnownDevice>();
  const twice = new Set<string>();
  for (const name of await namesIn(folder)) {
    const file = join(folder, name);
    if (/\.ya?ml$/i.test(name)) problems.push(`${file} is YAML, which is not read: convert it to JSON`);
    const found = name.endsWith('.json') ? await devicesOf(file, problems) : [];
    for (const known of found) {
      if (own.has(known.name)) twice.add(known.name);
      own.set(known.name, known);
    }
  }
  return { own, twice };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

async function devicesOf(file: string, problems: string[]): Promise<KnownDevice[]> {
  try {
    const spec = parseCdiSpec(await readFile(file, 'utf8'));
    return spec.devices.map((device) => ({ name: `${spec.kind}=${device.name}`, device, spec, file }));
  } catch (error) {
    if (!(error instanceof BerthError) && !isErrno(error, 'EACCES', 'EISDIR', 'ENOENT')) throw error;
    problems.push(`${file}: ${(error as Error).message}`);
    return [];
  }
}
