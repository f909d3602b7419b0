import { containerLogs } from '#client/containers.ts';
import { readOutput } from '#client/output-streams.ts';
import type { Client } from '#client/transport.ts';

/** The end of a container's log as text, both of its streams. @param tail lines at most */
export async function lastWords(
  client: Client,
  id: string,
  { tail = 200, terminal = false }: { tail?: number; terminal?: boolean } = {},
): Promise<string> {
  const body = await containerLogs(client, id, { stdout: true, stderr: true, tail: String(tail) });
  const pieces: Uint8Array[] = [];
  for await (const { bytes } of readOutput(body, { terminal })) pieces.push(bytes);
  return Buffer.concat(pieces).toString('utf8');
}
