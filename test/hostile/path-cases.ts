import { bad, fine, type HostileLayer } from './hostile-case.ts';
import {
  attributed,
  device,
  entry,
  file,
  folder,
  hardLink,
  long,
  oldSparse,
  pax,
  sparse,
  symlink,
  tar,
} from './raw-tar.ts';

const UP = '../'.repeat(20);

/** Names that lead out of the root, or only look so. `outside` is a folder that must not change; it has a file `secret`. */
export function nameCases(outside: string): HostileLayer[] {
  return [
    bad('a name with dots', tar(file('../evil')), /"\.\.\/evil" leads out/),
    bad('dots inside a name', tar(file('a/../../evil')), /"a\/\.\.\/\.\.\/evil" leads out/),
    bad('dots behind a slash', tar(file('/../evil')), /"\/\.\.\/evil" leads out/),
    bad('more dots than folders', tar(folder('a/b/'), file('a/b/../../../evil')), /evil" leads out/),
    bad('dots behind a dot', tar(file('./../evil')), /evil" leads out/),
    bad('dots between empty names', tar(file('a//..//../evil')), /evil" leads out/),
    bad('the folder above', tar(folder('..')), /"\.\." leads out/),
    bad('the folder above with a slash', tar(folder('../')), /"\.\.\/" leads out/),
    bad('a way up to a folder outside', tar(file(`${UP}${outside.slice(1)}/evil`)), /leads out/),
    bad('a sibling that begins as the root does', tar(file('../fs-evil/x')), /leads out/),
    bad('a GNU long name with dots', tar(long('L', `${UP}evil`), file('short')), /evil" leads out/),
    bad('a PAX path with dots', tar(pax({ path: `${UP}evil` }), file('short')), /evil" leads out/),
    bad('a prefix with dots', tar(entry({ name: 'evil', prefix: '../..' })), /"\.\.\/\.\.\/evil" leads out/),
    bad('a prefix of star with dots', tar(entry({ name: 'evil', prefix: '../..', magic: 'star' })), /leads out/),
    bad(
      'a prefix of old Go with dots',
      tar(entry({ name: 'evil', magic: 'gnu', patch: (block) => void block.write('../..', 345) })),
      /leads out/,
    ),
    bad('a sparse name with dots', tar(sparse('../evil', { size: '0', map: '0\n' })), /"\.\.\/evil" leads out/),
    bad('an old sparse file with dots', tar(oldSparse('../evil', { size: 0, regions: [] })), /leads out/),
    bad('a symbolic link with dots in its name', tar(symlink('../evil', 'x')), /leads out/),
    bad('a hard link with dots in its name', tar(file('a'), hardLink('../evil', 'a')), /leads out/),
    bad('a device with dots in its name', tar(device('../evil', 1, 3)), /leads out/),
    bad('a pipe with dots in its name', tar(entry({ name: '../evil', type: '6' })), /leads out/),
    bad('a folder with dots in its name', tar(folder('d/../../evil/')), /leads out/),
    bad('a whiteout with dots in its name', tar(file('../.wh.x', '')), /leads out/),
    bad('an opaque mark above the root', tar(file('../.wh..wh..opq', '')), /leads out/),
    bad('a good name and then a bad one', tar(file('good'), file('../evil')), /"\.\.\/evil" leads out/),
    fine('an absolute name', tar(file('/abs/x')), { 'abs/x': 'file content' }),
    fine('an absolute name with many slashes', tar(file('//abs///x')), { 'abs/x': 'file content' }),
    fine('a path outside as an absolute name', tar(file(`${outside}/evil`)), {
      [`${outside.slice(1)}/evil`]: 'file content',
    }),
    fine('dots that stay inside', tar(file('a/b/../../c')), { c: 'file content' }),
    fine('backslashes', tar(file('..\\..\\evil')), { '..\\..\\evil': 'file content' }),
    fine('four dots', tar(file('..../evil')), { '..../evil': 'file content' }),
    fine('dots in other scripts', tar(file('\u2025/\uff0e\uff0e/evil')), {
      '\u2025/\uff0e\uff0e/evil': 'file content',
    }),
    fine('percent signs', tar(file('%2e%2e/evil')), { '%2e%2e/evil': 'file content' }),
    fine('a drive letter', tar(file('C:\\evil')), { 'C:\\evil': 'file content' }),
    fine('control characters', tar(file('a\n\x1b[31mb')), { 'a\n\x1b[31mb': 'file content' }),
    fine('blanks', tar(file(' '), file('a ')), { ' ': 'file content', 'a ': 'file content' }),
    fine('bytes that are no UTF-8', tar(file(Buffer.from([0x62, 0xff, 0xfe])))),
    fine('half of a letter', tar(file(Buffer.from([0x62, 0xc3])))),
    fine('a surrogate as UTF-8', tar(file(Buffer.from([0x62, 0xed, 0xa0, 0x80])))),
    bad('a root that is a file', tar(file('.')), /root/),
    bad('a root that is a symbolic link', tar(symlink('./', outside)), /root/),
    bad('a root that is a hard link', tar(file('a'), hardLink('/', 'a')), /root/),
    bad('a root that is a device', tar(device('.', 1, 3)), /root/),
    bad('no name', tar(file('')), /root/),
    fine('a root without permissions', tar(folder('./', { mode: 0 }), file('a')), { a: 'file content' }),
    bad('a PAX path with a zero byte', tar(pax({ path: 'a\0../../evil' }), file('x')), /zero byte/),
    bad('a name of 256 bytes', tar(long('L', 'n'.repeat(256)), file('x')), /n{50}/),
    fine('a name of 255 bytes', tar(long('L', 'n'.repeat(255)), file('x')), { ['n'.repeat(255)]: 'file content' }),
    bad('a path of 100,000 folders', tar(long('L', `${'d/'.repeat(100_000)}x`), file('x')), /d\/d\/d/),
    bad('a path of 300 folders', tar(long('L', `${'d/'.repeat(300)}x`), file('x')), /d\/d\/d/),
    bad(
      'a path of 300 folders, one after another',
      tar(
        ...Array.from({ length: 300 }, (_, depth) => Buffer.concat([long('L', 'd/'.repeat(depth + 1)), folder('x/')])),
      ),
      /d\/d\/d/,
    ),
    bad('a file below a file', tar(file('f'), file('f/x')), /f/),
    bad('a folder below a file', tar(file('f'), folder('f/x/')), /f/),
    bad('a file below a device', tar(device('null', 1, 3), file('null/x')), /null/),
    bad('a file below a pipe', tar(entry({ name: 'p', type: '6' }), file('p/x')), /p/),
    fine('a file that becomes a folder', tar(file('f'), folder('f/'), file('f/x')), { 'f/x': 'file content' }),
    fine('a folder that becomes a file', tar(file('f/x'), file('f', 'new')), { f: 'file new' }),
    fine('one name a thousand times', tar(...Array.from({ length: 1000 }, (_, index) => file('f', `${index}`))), {
      f: 'file 999',
    }),
    fine(
      'a name that changes its kind',
      tar(file('f'), folder('f/'), symlink('f', 'x'), device('f', 1, 3), file('f', 'last')),
      { f: 'file last' },
    ),
    fine('attributes and then a plain file', tar(attributed('f', { 'user.a': 'x' }), file('f', 'plain')), {
      f: 'file plain',
    }),
  ];
}

/** Links that lead out of the root, or would if somebody followed them. */
export function linkCases(outside: string): HostileLayer[] {
  const inside = outside.slice(1);
  return [
    fine('a write through an absolute link', tar(symlink('l', outside), file('l/evil')), {
      l: `-> ${outside}`,
      [`${inside}/evil`]: 'file content',
    }),
    fine('a write through a link upwards', tar(symlink('l', `${UP}${inside}`), file('l/evil')), {
      [`${inside}/evil`]: 'file content',
    }),
    fine(
      'a write through links to links',
      tar(symlink('a', 'b'), symlink('b', 'c'), symlink('c', outside), file('a/evil')),
      { [`${inside}/evil`]: 'file content' },
    ),
    fine('a write through a link in a folder', tar(folder('d/'), symlink('d/l', '../../../../..'), file('d/l/evil')), {
      evil: 'file content',
    }),
    fine('a write through the root of a process', tar(symlink('l', '/proc/self/root'), file('l/evil')), {
      'proc/self/root/evil': 'file content',
    }),
    fine('a write through a descriptor', tar(symlink('l', '/proc/self/fd/3'), file('l/evil')), {
      'proc/self/fd/3/evil': 'file content',
    }),
    fine('a write through the working folder of a process', tar(symlink('l', '/proc/self/cwd/..'), file('l/evil'))),
    fine('a file in place of a link', tar(symlink('x', `${outside}/secret`), file('x', 'new')), { x: 'file new' }),
    fine('a link in place of a file', tar(file('x'), symlink('x', `${outside}/secret`)), { x: `-> ${outside}/secret` }),
    fine('a link in place of a folder', tar(folder('d/'), file('d/a'), symlink('d', outside), file('d/evil')), {
      d: `-> ${outside}`,
      [`${inside}/evil`]: 'file content',
    }),
    fine('a folder in place of a link', tar(symlink('d', outside), folder('d/'), file('d/x')), {}),
    fine('a link to the root', tar(symlink('l', '/'), file('l/l/l/x')), { x: 'file content' }),
    fine('a link to its own folder', tar(symlink('l', '.'), file('l/l/l/x')), { x: 'file content' }),
    fine('a link that nothing is written through', tar(symlink('l', `${UP}etc/passwd`)), { l: `-> ${UP}etc/passwd` }),
    bad('links in a circle', tar(symlink('a', 'b'), symlink('b', 'a'), file('a/x')), /a\/x|"a"|a:/),
    bad('a link to itself', tar(symlink('a', 'a'), file('a/x')), /a\/x|"a"|a:/),
    bad('links that double the path', tar(symlink('a', 'a/a'), file('a/x')), /a/),
    bad(
      'a chain of sixty links',
      tar(...Array.from({ length: 60 }, (_, index) => symlink(`l${index}`, `l${index + 1}`)), file('l0/x')),
      /l0\/x|l\d+/,
    ),
    bad('a link without a target', tar(symlink('l', '')), /l/),
    bad('a link of 5,000 bytes', tar(long('K', 't'.repeat(5000)), symlink('l', 'x')), /l/),
    bad('a link with a zero byte', tar(pax({ linkpath: 'a\0b' }), symlink('l', 'x')), /linkpath/),
    fine('a whiteout through a link', tar(symlink('l', outside), file('l/.wh.secret', '')), {}),
    fine('an opaque mark through a link', tar(symlink('l', outside), file('l/.wh..wh..opq', '')), {}),
    bad('a hard link to dots', tar(hardLink('x', `${UP}${inside}/secret`)), /leads out|secret/),
    bad('a hard link to an absolute path', tar(hardLink('x', `${outside}/secret`)), /x.*secret/),
    bad('a hard link to a file of the host', tar(hardLink('x', '/etc/passwd')), /x.*etc\/passwd/),
    bad('a hard link to a file of the kernel', tar(hardLink('x', '/proc/self/environ')), /x.*environ/),
    bad('a hard link through a link', tar(symlink('l', outside), hardLink('x', 'l/secret')), /x.*secret/),
    bad(
      'a hard link through the root of a process',
      tar(symlink('l', '/proc/self/root'), hardLink('x', `l${outside}/secret`)),
      /x.*secret/,
    ),
    fine('a hard link to a link', tar(symlink('l', `${outside}/secret`), hardLink('x', 'l')), {
      x: `-> ${outside}/secret`,
    }),
    fine(
      'a hard link to a link, written over',
      tar(symlink('l', `${outside}/secret`), hardLink('x', 'l'), file('x', 'new')),
      { x: 'file new', l: `-> ${outside}/secret` },
    ),
    bad('a hard link to a folder', tar(folder('d/'), hardLink('x', 'd')), /x.*d/),
    bad('a hard link to the root', tar(hardLink('x', '/')), /x/),
    bad('a hard link to nothing', tar(hardLink('x', '')), /x/),
    bad('a hard link to what is not there', tar(hardLink('x', 'gone')), /x.*gone/),
    bad('a hard link to itself', tar(hardLink('x', 'x')), /x/),
    bad('hard links in a circle', tar(hardLink('a', 'b'), hardLink('b', 'a')), /a|b/),
    bad('a hard link to a whiteout', tar(file('.wh.gone', ''), hardLink('x', '.wh.gone')), /x/),
    fine('a hard link to a device', tar(device('n', 1, 3), hardLink('x', 'n')), { x: 'device' }),
    fine(
      'a hard link with content, which counts for nothing',
      tar(file('a'), entry({ name: 'x', type: '1', link: 'a', size: 0 })),
      { x: 'file content' },
    ),
    fine('a hard link that is written over', tar(file('a', 'old'), hardLink('x', 'a'), file('x', 'new')), {
      a: 'file old',
      x: 'file new',
    }),
    fine('a hard link in place of a folder', tar(file('a'), file('d/x'), hardLink('d', 'a')), { d: 'file content' }),
    fine(
      'a thousand links to one file',
      tar(
        file('a'),
        ...Array.from({ length: 1000 }, (_, index) => hardLink(`l${index}`, index === 0 ? 'a' : `l${index - 1}`)),
      ),
      { l999: 'file content' },
    ),
    bad('a hard link with dots to what is inside', tar(file('a'), hardLink('d/x', '../../a')), /leads out|a/),
  ];
}
