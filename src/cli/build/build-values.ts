import { resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { OrderedPlace } from '#api/build-order.ts';
import { NotFoundError } from '#lib/errors.ts';
import { readFields } from '../container/values.ts';
import { UsageError } from '../parse-options.ts';

const SECRET_LIMIT_BYTES = 500 * 1024;

/** By which tools are told what time their results are of (reproducible-builds.org/specs/source-date-epoch). */
const EPOCH = 'SOURCE_DATE_EPOCH';

/**
 * A name alone takes the caller's value; the engine keeps its default where the caller has none. The time that the caller's environment says
 * results are of goes along, as with docker buildx.
 */
export function buildArguments(list: readonly string[]): Record<string, string | null> {
  const epoch = process.env[EPOCH] ?? '';
  const given = list.map((text): [string, string | null] => {
    const equals = text.indexOf('=');
    return equals < 0 ? [text, process.env[text] ?? null] : [text.slice(0, equals), text.slice(equals + 1)];
  });
  return Object.fromEntries([...(epoch === '' ? [] : [[EPOCH, epoch] as const]), ...given]);
}

/** `id=ID,src=FILE`, `id=ID,env=NAME`, `id=ID`: content by id, base64. @throws {UsageError} {NotFoundError} */
export async function readSecrets(list: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const text of list) {
    const { id, type, src, source, env, ...others } = readFields(text);
    const [unknown] = Object.keys(others);
    if (unknown !== undefined)
      throw new UsageError(`--secret has no ${unknown}`, { hint: 'id=ID,src=FILE or id=ID,env=NAME' });
    if (id === undefined || id === '')
      throw new UsageError('--secret needs an id', { hint: '--secret id=token,src=token.txt' });
    const path = src ?? source;
    const isVariable = type === 'env' || env !== undefined || (path === undefined && process.env[id] !== undefined);
    const bytes = isVariable ? variable(env ?? path ?? id) : await secretFile(path ?? id);
    if (bytes.length > SECRET_LIMIT_BYTES)
      throw new UsageError(`the secret ${id} is larger than ${SECRET_LIMIT_BYTES} bytes`);
    found[id] = bytes.toString('base64');
  }
  return found;
}

function variable(name: string): Buffer {
  const value = process.env[name];
  if (value !== undefined) return Buffer.from(value);
  throw new NotFoundError(`the environment has no ${name}`, { why: '--secret names it', hint: `export ${name}=…` });
}

async function secretFile(path: string): Promise<Buffer> {
  return readFile(path).catch((error: Error) => {
    throw new NotFoundError(`cannot read the secret ${path}`, { why: error.message, hint: '--secret id=ID,src=FILE' });
  });
}

/** `default`, `ID=SOCKET`: sockets of agents by id. @throws {UsageError} */
export function sshAgents(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((text): [string, string] => {
      const [id = '', path = process.env['SSH_AUTH_SOCK'] ?? ''] = text.split('=', 2);
      if (path !== '') return [id, path];
      throw new UsageError(`--ssh ${text} has no agent`, {
        why: 'SSH_AUTH_SOCK is not set',
        hint: `start ssh-agent, or write --ssh ${id}=SOCKET`,
      });
    }),
  );
}

/** `type=X,a=b`; anything else is the value of `alone`. */
export function parsePlace(text: string, alone: (text: string) => OrderedPlace): OrderedPlace {
  if (!/(^|,)type=/.test(text)) return alone(text);
  const { type = '', ...attributes } = readFields(text);
  return { type, attributes };
}

/** `--cache-from`, `--cache-to`: an image alone is a registry's. Folders are seen from here. */
export function parseCache(text: string): OrderedPlace {
  const { type, attributes } = parsePlace(text, (ref) => ({ type: 'registry', attributes: { ref } }));
  if (type !== 'local') return { type, attributes };
  const folders = Object.entries(attributes).map(([name, value]) => [
    name,
    name === 'src' || name === 'dest' ? resolve(value) : value,
  ]);
  return { type, attributes: Object.fromEntries(folders) as Record<string, string> };
}

/** `--output`: a folder alone is `type=local`, `-` is a tar to standard output. */
export function parseOutput(text: string): OrderedPlace {
  return parsePlace(text, (dest) =>
    dest === '-' ? { type: 'tar', attributes: { dest } } : { type: 'local', attributes: { dest } },
  );
}

/** `--attest type=sbom,…` and its short forms. @throws {UsageError} */
export function attestations({
  attest,
  sbom,
  provenance,
}: {
  attest: readonly string[];
  sbom: string | undefined;
  provenance: string | undefined;
}): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  const add = (kind: string, text: string): void => {
    if (text === 'false') delete found[kind];
    else found[kind] = text === '' || text === 'true' ? {} : readFields(text);
  };
  for (const text of attest) {
    const { type, disabled, ...attributes } = readFields(text);
    if (type === undefined) throw new UsageError('--attest needs a type', { hint: '--attest type=sbom' });
    if (disabled !== 'true') found[type] = attributes;
  }
  if (sbom !== undefined) add('sbom', sbom);
  if (provenance !== undefined) add('provenance', provenance);
  return found;
}
