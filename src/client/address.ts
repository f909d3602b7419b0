import { homedir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';

/** Where an engine listens. */
export type EngineAddress = { kind: 'unix'; path: string } | { kind: 'tcp'; host: string; port: number };

/** Socket of the engine that a host has by default. */
export const DEFAULT_SOCKET = '/run/berth/berth.sock';

/**
 * Reads `unix:///path`, `tcp://host:port`, `http(s)://host:port` or an absolute path.
 * @throws {InvalidArgumentError}
 */
export function parseEngineAddress(text: string): EngineAddress {
  if (text.startsWith('/')) return { kind: 'unix', path: text };
  if (text.startsWith('unix://')) return unixAddress(text);
  const url = URL.canParse(text) ? new URL(text.replace(/^(tcp|https?):/, 'http:')) : undefined;
  if (url === undefined || !/^(tcp|https?):\/\//.test(text) || url.hostname === '') throw invalid(text);
  const port = /:(\d+)\/?$/.exec(text)?.[1];
  return {
    kind: 'tcp',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port ?? (text.startsWith('https:') ? 2376 : 2375)),
  };
}

/** The address as people write it. */
export function formatEngineAddress(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return `tcp://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

function unixAddress(text: string): EngineAddress {
  const path = text.slice('unix://'.length).replace(/^~(?=\/)/, homedir());
  if (!path.startsWith('/')) throw invalid(text);
  return { kind: 'unix', path: join(path) };
}

function invalid(text: string): InvalidArgumentError {
  return new InvalidArgumentError(`invalid engine address: ${JSON.stringify(text)}`, {
    hint: 'write it as unix:///path/to/socket or tcp://host:port',
  });
}
