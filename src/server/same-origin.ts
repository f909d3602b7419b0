import type { IncomingMessage } from 'node:http';
import { PermissionDeniedError } from '#lib/errors.ts';

/**
 * Refuses what a web page sent: an engine behind a forwarded port must not be open to every page its user visits.
 * Clients of the Engine API send neither Origin nor fetch metadata, and as Host a path, an address or a local name.
 * @throws {PermissionDeniedError}
 */
export function refuseForeignPages({ headers }: IncomingMessage, { overTls }: { overTls: boolean }): void {
  const { origin, host = '', 'sec-fetch-site': site } = headers;
  const foreignOrigin = origin !== undefined && hostOf(origin) !== host.toLowerCase();
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  // Over TLS the certificate already proves the name; without, a public name means that somebody's DNS points here.
  if (foreignOrigin || foreignSite || (!overTls && isPublicName(host)))
    throw new PermissionDeniedError('request of a web page refused', {
      why: `origin ${JSON.stringify(origin ?? site ?? '')}, host ${JSON.stringify(host)}`,
      hint: 'use a client of the Engine API on the socket itself',
    });
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function isPublicName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+\.?$/.test(name)) return false;
  return !/^[\d.]+$/.test(name) && !/\.(localhost|local|internal|sock|socket)\.?$/.test(name);
}
