import { existsSync } from 'node:fs';
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { VERSION } from '#lib/version.ts';

// The package as a stranger installs it: from the tarball, into a prefix of its own, with the Node of the system.

const SYSTEM_NODE = '/usr/bin/node';

test.skipIf(!existsSync(SYSTEM_NODE))(
  'the package installs without a compiler and runs where the system has another Node (runs where there is one)',
  async () => {
    await using folder = await mkdtempDisposable('/var/tmp/berth-package-');
    const prefix = join(folder.path, 'prefix');
    // Without the tools of this repository in front, and without anything that could compile.
    const env = {
      ...(Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))) as Record<
        string,
        string
      >),
      PATH: '/usr/bin:/bin',
      HOME: folder.path,
      CC: '/bin/false',
      CXX: '/bin/false',
    };
    await run(['npm', 'pack', '--pack-destination', folder.path], { env: { ...env, PATH: process.env['PATH'] ?? '' } });
    const tarball = (await readdir(folder.path)).find((name) => name.endsWith('.tgz')) ?? '';
    await run(
      ['npm', 'install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', join(folder.path, tarball)],
      { env },
    );

    const berth = async (...args: string[]) => run([join(prefix, 'bin/berth'), ...args], { env, allowFailure: true });
    expect(await berth('--version')).toMatchObject({ code: 0, stdout: `berth version ${VERSION}\n`, stderr: '' });
    expect((await berth('-H', '/nonexistent.sock', 'ps')).code).toBe(1);
    // The engine's addon is found, too: without root it says what it needs, and with root it knows its flags.
    expect((await berth('engine', 'run', '--no-such-flag')).stderr).toContain('unknown flag: --no-such-flag');
    const addon = await run([SYSTEM_NODE, '--print', 'require("koffi").version'], {
      env,
      cwd: join(prefix, 'lib/node_modules/berth/dist'),
    });
    expect(addon.stdout).toMatch(/^\d+\./);
  },
  300_000,
);
