import type { Readable } from 'node:stream';
import type { BuildProfile } from '#api/build-profile.ts';
import { callJson } from './call.ts';
import type { Client } from './transport.ts';

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
