import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { BUILD_ORDER_HEADER, writeBuildOrder } from '#api/build-order.ts';
import { InternalError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';

/** `POST /berth/build` of a folder of this host, as our client sends it. @returns milliseconds from sending to the last byte of the answer */
export async function requestBuild(host: string, tag: string, folder: string): Promise<number> {
  const { dev, ino } = await stat(folder, { bigint: true });
  const order = writeBuildOrder({
    ref: randomUUID(),
    context: { kind: 'folder', folder, device: `${dev}`, inode: `${ino}` },
    dockerfile: { name: 'Dockerfile' },
    tags: [tag],
    hostCa: true,
    check: 'warn',
  });
  return answered(host, '/berth/build', { headers: { [BUILD_ORDER_HEADER]: order } });
}

/** `POST /build`, the classic builder, with a folder of plain text as a tar. @returns the same */
export async function requestClassicBuild(host: string, tag: string, folder: string): Promise<number> {
  const { stdout } = await run(['tar', '-c', '-C', folder, '--format=ustar', '-f', '-', '.']);
  const headers = { 'Content-Type': 'application/x-tar' };
  return answered(host, `/build?t=${tag}&version=1`, { headers, body: Buffer.from(stdout) });
}

async function answered(
  host: string,
  path: string,
  { headers, body }: { headers: Record<string, string>; body?: Buffer },
): Promise<number> {
  const start = performance.now();
  const socketPath = host.replace('unix://', '');
  const call = request({ socketPath, method: 'POST', path, headers: { Host: 'localhost', ...headers } });
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const text = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString();
  const taken = performance.now() - start;
  if (response.statusCode !== 200 || /"kind":"failed"|"errorDetail"/.test(text))
    throw new InternalError(`${path} was answered by ${response.statusCode}`, { why: text.slice(-500) });
  return taken;
}
