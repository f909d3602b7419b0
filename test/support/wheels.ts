import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { run } from '#lib/run.ts';

/** A distribution for tests. */
interface TestWheel {
  name: string;
  version: string;
  requires?: readonly string[];
  /** Bytes of random content beside the code. */
  bytes?: number;
  /** Names of modules in the package, and of programs. */
  modules?: readonly string[];
  programs?: readonly string[];
  /** A namespace package that it has a part of. */
  namespace?: string;
}

/** An index as PyPI is one: pages that are revalidated, files that never change. */
export interface TestIndex extends AsyncDisposable {
  readonly url: string;
  /** Bytes of wheels that it has sent since it was last asked. */
  sent(): number;
  add(wheel: TestWheel): Promise<void>;
  withdraw(name: string, version: string): void;
}

const MAKE_WHEEL = String.raw`
import base64, hashlib, json, random, sys, zipfile
spec = json.loads(sys.argv[1])
name, version = spec['name'], spec['version']
files = {}
package = name if 'namespace' not in spec else spec['namespace'] + '/' + name
if 'namespace' not in spec:
    files[package + '/__init__.py'] = 'VERSION = "%s"\nKINDS = {"a", "b", "c", "d"}\n' % version
for module in spec.get('modules', []):
    files['%s/%s.py' % (package, module)] = 'def main():\n    print("%s %s")\n' % (name, version)
if 'bytes' in spec:
    files[package + '/data.bin'] = random.Random(name + version).randbytes(spec['bytes'])
info = '%s-%s.dist-info' % (name, version)
files[info + '/METADATA'] = 'Metadata-Version: 2.1\nName: %s\nVersion: %s\n' % (name, version) + ''.join('Requires-Dist: %s\n' % r for r in spec.get('requires', []))
files[info + '/WHEEL'] = 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
if spec.get('programs'):
    files[info + '/entry_points.txt'] = '[console_scripts]\n' + ''.join('%s = %s.%s:main\n' % (p, name, spec['modules'][0]) for p in spec['programs'])
record = ''
with zipfile.ZipFile(sys.argv[2], 'w') as wheel:
    for path, content in files.items():
        content = content if isinstance(content, bytes) else content.encode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()
        record += '%s,sha256=%s,%d\n' % (path, digest, len(content))
        wheel.writestr(path, content)
    wheel.writestr(info + '/RECORD', record + info + '/RECORD,,\n')
`;

/** Serves wheels on the host's loopback address. */
export async function openIndex(): Promise<TestIndex> {
  const folder = await mkdtemp('/tmp/b-wheels-');
  const wheels = new Map<string, { name: string; version: string; content: Buffer; digest: string }>();
  let sent = 0;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const [, project] = /^\/simple\/([^/]+)\/$/.exec(path) ?? [];
    const file = wheels.get(path.slice(path.lastIndexOf('/') + 1));
    if (project !== undefined) {
      const links = [...wheels]
        .filter(([, { name }]) => name === project)
        .map(([name, { digest }]) => `<a href="/files/${name}#sha256=${digest}">${name}</a>`);
      response.writeHead(200, {
        'Content-Type': 'text/html',
        ETag: `"${links.length}"`,
        'Cache-Control': 'max-age=600',
      });
      response.end(`<!DOCTYPE html><html><body>${links.join('\n')}</body></html>`);
    } else if (file === undefined) response.writeHead(404).end();
    else {
      sent += file.content.length;
      response.writeHead(200, {
        'Content-Length': file.content.length,
        'Cache-Control': 'max-age=365000000, immutable',
      });
      response.end(file.content);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`,
    sent() {
      const bytes = sent;
      sent = 0;
      return bytes;
    },
    async add(wheel) {
      const file = `${wheel.name}-${wheel.version}-py3-none-any.whl`;
      const script = join(folder, 'make.py');
      await writeFile(script, MAKE_WHEEL);
      await run(['python3', script, JSON.stringify(wheel), join(folder, file)]);
      const content = await readFile(join(folder, file));
      const { name, version } = wheel;
      wheels.set(file, { name, version, content, digest: createHash('sha256').update(content).digest('hex') });
    },
    withdraw: (name, version) => void wheels.delete(`${name}-${version}-py3-none-any.whl`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
