import { existsSync } from 'node:fs';
import { mkdir, mkdtempDisposable, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import type { TestEngine } from './engine.ts';

const CACHE = '/var/tmp/berth-test-images';
const FILES: Readonly<Record<string, string>> = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nuser:x:1000:1000:user:/home/user:/bin/sh\n',
  'etc/group': 'root:x:0:\ntty:x:5:user\nnogroup:x:65534:\nuser:x:1000:\n',
};
const FOLDERS = [
  'bin',
  'dev',
  'etc',
  'home/user',
  'proc',
  'root',
  'sys',
  'tmp',
  'usr/bin',
  'usr/sbin',
  'sbin',
  'var/tmp',
  'run',
];

/** A small root file system for tests, as a tar: Debian's static busybox with a link for each applet. Made once per machine. */
export async function busyboxTar(): Promise<string> {
  const path = join(CACHE, 'busybox.tar');
  if (existsSync(path)) return path;
  await mkdir(CACHE, { recursive: true });
  await using folder = await mkdtempDisposable(join(CACHE, 'make-'));
  const root = join(folder.path, 'root');
  for (const name of FOLDERS) await mkdir(join(root, name), { recursive: true });
  await placeBusybox(folder.path, root);
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(root, name), text);
  const made = join(folder.path, 'busybox.tar');
  await run([
    'tar',
    '--create',
    '--file',
    made,
    '--directory',
    root,
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '.',
  ]);
  await rename(made, path);
  return path;
}

/** Imports that file system under a name. */
export async function importBusybox(engine: TestEngine, name = 'busybox:latest'): Promise<void> {
  const tar = await busyboxTar();
  const change = [
    '--change',
    'CMD ["sh"]',
    '--change',
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ];
  const { code, stderr } = await engine.docker('import', ...change, tar, name);
  if (code !== 0) throw new InternalError(`docker import failed: ${stderr}\n${engine.log()}`);
}

async function placeBusybox(work: string, root: string): Promise<void> {
  await run(['chmod', '0755', work]);
  await run(['apt-get', 'download', '-qq', '-o', 'APT::Sandbox::User=root', 'busybox-static'], { cwd: work });
  const archive = (await readdir(work)).find((name) => name.endsWith('.deb')) ?? '';
  await run(['dpkg-deb', '--extract', join(work, archive), join(work, 'package')]);
  await run(['cp', join(work, 'package/bin/busybox'), join(root, 'bin/busybox')]);
  const { stdout } = await run([join(root, 'bin/busybox'), '--list']);
  for (const applet of stdout.split('\n').filter((name) => name !== '' && name !== 'busybox'))
    await symlink('busybox', join(root, 'bin', applet));
  // Scripts name these places.
  await symlink('../../bin/env', join(root, 'usr/bin/env'));
}
