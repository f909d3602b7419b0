import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

/** Where authorities and client certificates of registries are looked for, as Docker does. */
const CERTIFICATE_FOLDERS = ['/etc/berth/certs.d', '/etc/docker/certs.d'];

let shared: SecureContext | undefined;

/** The authorities that this host trusts, and those in `certs.d/<host>`: `*.crt`, and `*.cert` with its `*.key`. */
export function secureContextOf(host: string, folders: readonly string[] = CERTIFICATE_FOLDERS): SecureContext {
  // A host comes from a reference, a redirect or a realm; as a name of a folder it must stay one.
  const own = /^[\w[][\w.:[\]-]*$/.test(host) ? folders.map((folder) => readFolder(join(folder, host))) : [];
  const authorities = own.flatMap(({ ca }) => ca);
  const client = own.find(({ cert }) => cert !== undefined);
  if (authorities.length === 0 && client === undefined) {
    shared ??= createSecureContext({ ca: trusted() });
    return shared;
  }
  return createSecureContext({
    ca: [...trusted(), ...authorities],
    ...(client?.cert !== undefined && { cert: client.cert, key: client.key }),
  });
}

function trusted(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

function readFolder(folder: string): { ca: string[]; cert: string | undefined; key: string | undefined } {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    return { ca: [], cert: undefined, key: undefined };
  }
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const cert = names.find((name) => name.endsWith('.cert') && names.includes(name.replace(/cert$/, 'key')));
  return {
    ca: names.filter((name) => name.endsWith('.crt')).map(read),
    cert: cert === undefined ? undefined : read(cert),
    key: cert === undefined ? undefined : read(cert.replace(/cert$/, 'key')),
  };
}
