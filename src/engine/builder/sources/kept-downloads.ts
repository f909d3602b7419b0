import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#lib/sha256.ts';
import { keepNewest } from './keep-newest.ts';

/** What an address gave out when it was last asked. */
export interface KeptDownload {
  /** By which the server tells whether it is still the same (RFC 9110, 8.8.3). */
  etag: string;
  /** Hexadecimal sha256. */
  digest: string;
  /** The name that the server gave it. */
  name?: string;
}

/** What addresses gave out, so that files that did not change are not fetched again only to see that. */
export interface KeptDownloads {
  find(url: string): Promise<KeptDownload | undefined>;
  put(url: string, download: KeptDownload): Promise<void>;
}

const COUNT = 512;

/** @param root folder for them; made when it is needed */
export function openKeptDownloads(root: string): KeptDownloads {
  return {
    async find(url) {
      const text = await readFile(join(root, nameOf(url)), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : parse(text);
    },
    async put(url, download) {
      // Only time is lost where this cannot be written.
      await keepNewest(root, { name: nameOf(url), bytes: JSON.stringify(download) }, COUNT).catch(() => {});
    },
  };
}

function nameOf(url: string): string {
  return sha256(url).slice('sha256:'.length, 'sha256:'.length + 32);
}

function parse(text: string): KeptDownload | undefined {
  try {
    const { etag, digest, name } = JSON.parse(text) as Partial<Record<keyof KeptDownload, unknown>>;
    if (typeof etag !== 'string' || typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) return undefined;
    return { etag, digest, ...(typeof name === 'string' && { name }) };
  } catch {
    return undefined; // it was cut off
  }
}
