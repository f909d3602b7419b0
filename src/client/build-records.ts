import type { Readable } from 'node:stream';
import { callJson } from './call.ts';
import type { Client } from './transport.ts';

/** Where the time of a build went; milliseconds. */
export interface BuildProfile {
  wallMs: number;
  /** The longest chain of steps that waited for each other. */
  criticalMs: number;
  rows: readonly ProfileRow[];
}

export interface ProfileRow {
  name: string;
  /** After the build began. */
  startMs: number;
  durationMs: number;
  isCached: boolean;
  /** Of the layers it left. */
  bytes: number;
  /** Why it was or was not taken from an earlier build. */
  why: string;
  /** On the longest chain. */
  isCritical: boolean;
}

/** `GET /berth/builds/{ref}`. @throws {NotFoundError} */
export async function buildProfile(client: Client, ref: string): Promise<BuildProfile> {
  const { profile } = await callJson<{ profile: BuildProfile }>(client, ['GET', `/berth/builds/${ref}`]);
  return profile;
}

/** `GET /berth/builds/{ref}/trace`: for Perfetto, or as OTLP. @throws {NotFoundError} */
export async function buildTrace(
  client: Client,
  { ref, form }: { ref: string; form: 'perfetto' | 'otlp' },
): Promise<Readable> {
  const { body } = await client.send('GET', `/berth/builds/${ref}/trace`, { query: { form } });
  return body;
}
