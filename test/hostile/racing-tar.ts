import { attributed, entry, file, folder, hardLink, symlink, tar } from './raw-tar.ts';

/** An archive that does everything one can do to files below a folder. */
export function racingTar(name: string): Buffer {
  return tar(
    folder(`${name}/`, { mode: 0o777, uid: 4242 }),
    file(`${name}/new`, 'new'),
    file(`${name}/secret`, 'overwritten'),
    entry({ name: `${name}/owned`, mode: 0o4777, uid: 4242, gid: 4242, body: 'owned' }),
    attributed(`${name}/attributed`, { 'user.mark': 'x' }),
    symlink(`${name}/link`, '/etc/passwd'),
    folder(`${name}/inner/`, { mode: 0o777, uid: 4242, mtime: 5 }),
    file(`${name}/inner/other`, 'overwritten'),
    hardLink(`${name}/hard`, `${name}/new`),
    hardLink(`${name}/inner/hard`, `${name}/secret`),
    entry({ name: `${name}/pipe`, type: '6' }),
    file(`${name}/inner`, 'a file in place of the folder'),
  );
}
