import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { PermissionDeniedError } from '#lib/errors.ts';
import { addressKind } from './address-kind.ts';

/** @throws {PermissionDeniedError} if any of a host's addresses is not public: who asks for a build must not reach what only the engine's host can */
export function refusePrivate(host: string, addresses: readonly string[]): void {
  for (const address of addresses) {
    const kind = addressKind(address);
    if (kind === 'public') continue;
    const shown = host === address ? address : `${host} (${address})`;
    throw new PermissionDeniedError(`${shown} may not be fetched by a build`, {
      why: `it is a ${kind} address, and this engine builds for others`,
      hint: 'put the files into the build context',
    });
  }
}

/** Addresses of a host that all are public. A connection has to be made to one of these, not to the name: that may mean another the next time. */
export async function publicAddresses(host: string): Promise<string[]> {
  const name = host.replace(/^\[|\]$/g, '');
  if (isIP(name) !== 0) {
    refusePrivate(name, [name]);
    return [name];
  }
  const { promise, resolve, reject } = Promise.withResolvers<LookupAddress[]>();
  systemLookup(name, { all: true }, (error, found) => (error === null ? resolve(found) : reject(error)));
  const addresses = (await promise).map(({ address }) => address);
  refusePrivate(name, addresses);
  return addresses;
}

/** As `node:dns` looks names up, without those that are not public. The connection goes to what was looked at. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) {
      callback(error, '', 0);
      return;
    }
    try {
      refusePrivate(
        hostname,
        found.map(({ address }) => address),
      );
    } catch (refused) {
      callback(refused as Error, '', 0);
      return;
    }
    const [first] = found;
    if (options.all === true) callback(null, found);
    else callback(null, first?.address ?? '', first?.family ?? 0);
  });
};
