import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { once } from 'node:events';
import { pipeline } from 'node:stream';
import { UnavailableError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';

/** Wheels on this host, served to the steps of builds: the same for all engines, and without the network's moods. */
export interface WheelHouse extends AsyncDisposable {
  /** What pip is told: `--no-index --find-links … --trusted-host …`. */
  flags: string;
}

/** @param packages with their versions; of one package there may be several */
export async function openWheelHouse(packages: readonly (readonly string[])[], python: string): Promise<WheelHouse> {
  const folder = join(process.env['BERTH_BENCH_CACHE'] ?? join(tmpdir(), 'berth-bench'), `wheels-${python}`);
  await mkdir(folder, { recursive: true });
  const known = await readdir(folder);
  const isMissing = packages.flat().some((text) => {
    const [name = '', version = ''] = text.toLowerCase().replaceAll('-', '_').split('==');
    return !known.some((file) => file.toLowerCase().startsWith(`${name}-${version}`));
  });
  const only = ['--only-binary', ':all:', '--python-version', python, '-d', folder];
  if (isMissing) for (const set of packages) await run(['python3', '-m', 'pip', 'download', '-q', ...only, ...set]);
  const server = createServer((request, response) => {
    const name = basename(decodeURIComponent(request.url ?? '/'));
    if (name === '')
      void readdir(folder).then((names) => {
        const links = names.map((one) => `<a href="${encodeURIComponent(one)}">${one}</a>`);
        // pip reads nothing else
        return response.setHeader('Content-Type', 'text/html').end(links.join('\n'));
      });
    else pipeline(createReadStream(join(folder, name)), response, () => {});
  });
  const address = hostAddress();
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    flags: `--no-index --find-links http://${address}:${port}/ --trusted-host ${address}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** One that containers reach through any bridge. */
function hostAddress(): string {
  for (const entries of Object.values(networkInterfaces()))
    for (const { address, family, internal } of entries ?? []) if (family === 'IPv4' && !internal) return address;
  throw new UnavailableError('this host has no address that containers could reach');
}
