import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { UsageError } from '../parse-options.ts';
import { parseBytes, readFields } from './values.ts';

/** A `--volume` as the Engine API takes it: a path of this host is made absolute. @throws {UsageError} */
export function parseVolume(text: string): { bind: string } | { anonymous: string } {
  const parts = text.split(':');
  if (parts.length > 3 || parts.some((part, index) => part === '' && index < 2))
    throw new UsageError(`--volume cannot be read: ${JSON.stringify(text)}`, {
      hint: 'write it as ./folder:/target or name:/target:ro',
    });
  const [source = '', target, ...options] = parts;
  if (target === undefined) return { anonymous: source };
  return { bind: [absolutePath(source), target, ...options].join(':') };
}

/** `./x`, `../x` and `~/x` are paths; a bare word is the name of a volume. */
function absolutePath(source: string): string {
  if (source === '~' || source.startsWith('~/')) return homedir() + source.slice(1);
  return source.startsWith('.') || source.startsWith('/') ? resolve(source) : source;
}

/** A `--mount` as the Engine API's Mount. @throws {UsageError} */
export function parseMount(text: string): object {
  const fields = readFields(text);
  const take = (...names: string[]): string | undefined => {
    const name = names.find((candidate) => Object.hasOwn(fields, candidate));
    if (name === undefined) return undefined;
    const value = fields[name];
    delete fields[name];
    return value;
  };
  const type = take('type') ?? 'volume';
  const source = take('source', 'src') ?? '';
  const target = take('target', 'destination', 'dst');
  if (target === undefined) throw new UsageError(`--mount ${text}: target is missing`);
  const mount = {
    Type: type,
    Source: type === 'bind' ? resolve(source) : source,
    Target: target,
    ReadOnly: isOn(take('readonly', 'ro')),
    ...kindOptions(type, take),
  };
  const unknown = Object.keys(fields)[0];
  if (unknown !== undefined) throw new UsageError(`--mount ${text}: unknown field ${unknown}`);
  return mount;
}

function kindOptions(type: string, take: (...names: string[]) => string | undefined): object {
  if (type === 'bind') {
    const propagation = take('bind-propagation');
    const nonRecursive = take('bind-nonrecursive');
    if (propagation === undefined && nonRecursive === undefined) return {};
    return { BindOptions: { Propagation: propagation ?? '', NonRecursive: isOn(nonRecursive) } };
  }
  if (type === 'tmpfs') {
    const size = take('tmpfs-size');
    const mode = take('tmpfs-mode');
    return {
      TmpfsOptions: {
        ...(size !== undefined && { SizeBytes: parseBytes('mount', size) }),
        ...(mode !== undefined && { Mode: Number.parseInt(mode, 8) }),
      },
    };
  }
  const [driver, noCopy, subpath] = [take('volume-driver'), take('volume-nocopy'), take('volume-subpath')];
  if (driver === undefined && noCopy === undefined && subpath === undefined) return {};
  return {
    VolumeOptions: {
      NoCopy: isOn(noCopy),
      ...(subpath !== undefined && { Subpath: subpath }),
      ...(driver !== undefined && { DriverConfig: { Name: driver } }),
    },
  };
}

function isOn(text: string | undefined): boolean {
  return text !== undefined && !['false', '0'].includes(text);
}

/** `--tmpfs /path:size=64m`. */
export function parseTmpfs(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((text) => {
      const colon = text.indexOf(':');
      return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
    }),
  );
}
