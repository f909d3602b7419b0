import { readFile } from 'node:fs/promises';
import { DEFAULT_SOCKET, type EngineAddress, parseEngineAddress } from '#client/address.ts';
import { isNobodyThere } from '#client/connect-error.ts';
import { type Client, openClient, type TlsMaterial } from '#client/transport.ts';
import { NotFoundError } from '#lib/errors.ts';
import type { GlobalSettings } from '../command.ts';
import type { Output } from '../output/output.ts';

/** The address that settings and environment name; `own` is this host's default. */
export function engineAddress({ host }: Pick<GlobalSettings, 'host'>): { address: EngineAddress; own: boolean } {
  const named = host ?? (process.env['BERTH_HOST'] || process.env['DOCKER_HOST'] || undefined);
  if (named !== undefined) return { address: parseEngineAddress(named), own: false };
  return { address: { kind: 'unix', path: DEFAULT_SOCKET }, own: true };
}

/**
 * Connects to the engine. This host's own is started first when nobody listens and we are root.
 * @throws {UnavailableError} if there is none
 */
export async function connect(settings: GlobalSettings, output: Output): Promise<Client> {
  const { address, own } = engineAddress(settings);
  const client = openClient(address, { tls: await readTls(settings) });
  try {
    await client.version();
    return client;
  } catch (error) {
    client.close();
    if (!own || !isNobodyThere(error) || process.getuid?.() !== 0) throw error;
  }
  const { startEngine } = await import('./start-engine.ts');
  await startEngine(output);
  const started = openClient(address);
  await started.version();
  return started;
}

async function readTls({ tls }: GlobalSettings): Promise<TlsMaterial | undefined> {
  const folder = process.env['BERTH_CERT_PATH'];
  const paths =
    tls ??
    (folder
      ? { authority: `${folder}/ca.pem`, certificate: `${folder}/cert.pem`, key: `${folder}/key.pem` }
      : undefined);
  if (paths === undefined) return undefined;
  const material = await Promise.all(
    Object.entries(paths).map(async ([name, path]) => [name, await readCertificate(path)] as const),
  );
  return Object.fromEntries(material);
}

async function readCertificate(path: string): Promise<Buffer> {
  return readFile(path).catch((error: Error) => {
    throw new NotFoundError(`cannot read the certificate ${path}`, {
      why: error.message,
      hint: 'check --tlscacert, --tlscert and --tlskey',
    });
  });
}

/** Connects to an engine that is there. @throws {UnavailableError} if there is none */
export async function connectWithoutStart(settings: GlobalSettings): Promise<Client> {
  const { address } = engineAddress(settings);
  const client = openClient(address, { tls: await readTls(settings) });
  try {
    await client.version();
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}
