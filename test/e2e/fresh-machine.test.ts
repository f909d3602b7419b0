import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#lib/run.ts';

// A Debian root as debootstrap leaves it, with git and curl and nothing else of what Berth needs: the README's first command does the rest.
// It runs in mount and pid namespaces of its own, so that every process and mount of it ends with the test.

const HOST_CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
let root = '';

beforeAll(async () => {
  root = await mkdtemp('/var/tmp/berth-fresh-');
  await run(['mmdebstrap', '--variant=minbase', '--include=git,ca-certificates,curl', '--quiet', 'bookworm', root]);
  await trustTheHostsAuthorities();
  await run(['git', 'clone', '--quiet', resolve('.'), join(root, 'home/berth')]);
}, 300_000);

afterAll(async () => {
  if (root !== '') await rm(root, { recursive: true, force: true });
});

/** Behind a company's proxy the new machine trusts what this one trusts, as its administrator would have set it up. */
async function trustTheHostsAuthorities(): Promise<void> {
  if (!existsSync(HOST_CERTIFICATES)) return;
  const stock = await readFile(join(root, HOST_CERTIFICATES), 'utf8');
  const extras = (await readFile(HOST_CERTIFICATES, 'utf8'))
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter((certificate) => certificate.includes('BEGIN') && !stock.includes(certificate.trim().slice(-200)));
  const folder = join(root, 'usr/local/share/ca-certificates');
  await mkdir(folder, { recursive: true });
  for (const [index, certificate] of extras.entries())
    await writeFile(join(folder, `host-${index}.crt`), certificate.slice(certificate.indexOf('-----BEGIN')));
  await run(['chroot', root, 'update-ca-certificates']);
  await cp('/etc/resolv.conf', join(root, 'etc/resolv.conf'), { dereference: true });
  await appendFile(join(root, 'root/.profile'), `export NODE_EXTRA_CA_CERTS=${HOST_CERTIFICATES}\n`);
}

/** Runs a shell script inside, as root, with the mounts a booted machine has. */
async function inside(script: string): Promise<{ code: number; text: string }> {
  let text = '';
  const mounts = [
    `mount --bind ${root} ${root}`,
    `mount -t proc proc ${root}/proc`,
    `mount --rbind /sys ${root}/sys`,
    `mount --rbind /dev ${root}/dev`,
    `mount -t tmpfs tmpfs ${root}/run`,
    `mount -t tmpfs tmpfs ${root}/tmp`,
  ].join(' && ');
  const enter = `${mounts} && exec chroot ${root} /bin/sh -lc "$SCRIPT"`;
  const { code } = await run(['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', enter], {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', SCRIPT: script },
    onOutput: (piece) => (text += piece),
    allowFailure: true,
  });
  return { code, text };
}

test('the first command of the README ends in a prediction on a fresh Debian', async () => {
  const readme = await readFile('README.md', 'utf8');
  expect(readme).toContain('./berth serve examples/iris');
  const { code, text } = await inside(`
    cd /home/berth && ./berth serve examples/iris || exit 1
    line=$(./berth serve examples/iris | grep -m1 -o 'curl .*')
    echo "PREDICTION $(eval "$line")"
    ./berth uninstall --purge -y
    ls /var/lib/berth 2>/dev/null && echo STATE LEFT
    exit 0
  `);
  expect(text).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
  expect(text).toMatch(/PREDICTION .*(setosa|versicolor|virginica)/);
  expect(text).not.toContain('STATE LEFT');
  expect(code).toBe(0);
}, 900_000);
