import { bad, fine, type HostileLayer } from './hostile-case.ts';
import {
  attributed,
  base256,
  device,
  END,
  entry,
  file,
  folder,
  hardLink,
  long,
  oldSparse,
  pax,
  record,
  sparse,
  symlink,
  tar,
} from './raw-tar.ts';

/** Marks that hide what is below, in places where they should not be. */
export function whiteoutCases(): HostileLayer[] {
  return [
    bad('a whiteout of nothing', tar(file('.wh.', '')), /\.wh\./),
    bad('a whiteout of the folder', tar(file('d/.wh..', '')), /d\/\.wh\.\./),
    bad('a whiteout of the folder above', tar(file('d/.wh...', '')), /d\/\.wh\.\.\./),
    bad('a whiteout of the folder above the root', tar(file('.wh...', '')), /\.wh\.\.\./),
    bad('something below a whiteout', tar(file('.wh.d/x')), /\.wh\.d\/x/),
    bad('something below a whiteout of the folder above', tar(file('.wh.../x')), /\.wh\.\.\.\/x/),
    bad('something below an opaque mark', tar(folder('.wh..wh..opq/d/', {}), file('.wh.x/.wh..wh..opq', '')), /\.wh\./),
    fine('a whiteout whose name goes on with dots', tar(file('.wh...x', '')), {}),
    fine('a whiteout that is a folder', tar(folder('.wh.d/')), {}),
    fine('a whiteout that is a symbolic link', tar(symlink('.wh.x', '/etc')), {}),
    fine('a whiteout with content', tar(file('.wh.x', 'content'), file('y')), { y: 'file content' }),
    fine('a whiteout of a file of the same layer', tar(file('a'), file('.wh.a', '')), { a: 'file content' }),
    fine('an opaque root', tar(file('.wh..wh..opq', ''), file('a')), { a: 'file content' }),
    fine('an opaque folder, twice', tar(file('d/.wh..wh..opq', ''), file('d/x'), file('d/.wh..wh..opq', '')), {
      'd/x': 'file content',
    }),
    fine(
      'names of aufs',
      tar(folder('.wh..wh.plnk/'), file('.wh..wh.plnk/1.2'), file('.wh..wh.aufs'), file('.wh..wh.orph/x'), file('a')),
      { a: 'file content' },
    ),
    fine('a whiteout in capitals, which is none', tar(file('.WH.x')), { '.WH.x': 'file content' }),
    fine('an escaped whiteout, which is none', tar(file('%2ewh.x')), { '%2ewh.x': 'file content' }),
    bad('a whiteout below a file', tar(file('f'), file('f/.wh.x', '')), /f/),
    bad('an opaque mark below a file', tar(file('f'), file('f/.wh..wh..opq', '')), /f/),
    bad('a device that is a whiteout', tar(device('etc', 0, 0)), /etc: a device 0:0/),
    bad(
      'a device that is a whiteout, in binary',
      tar(entry({ name: 'etc', type: '3', major: base256(0n, 8), minor: base256(0n, 8) })),
      /etc: a device 0:0/,
    ),
    bad(
      'a device that is a whiteout, of a program without numbers',
      tar(entry({ name: 'etc', type: '3', magic: 'v7' })),
      /etc: a device 0:0/,
    ),
    bad('a device that is a whiteout, below a folder', tar(folder('d/'), device('d/x', 0, 0)), /d\/x: a device 0:0/),
    fine('a block device 0:0, which is no whiteout', tar(entry({ name: 'b', type: '4' })), { b: 'device' }),
  ];
}

const overlay = (name: string): HostileLayer =>
  bad(`attribute ${name}`, tar(attributed('f', { [name]: 'y' })), /f: attribute (?:trusted|user)\.overlay\./);

/** Extended attributes that steer the kernel, or that no kernel takes. */
export function attributeCases(): HostileLayer[] {
  return [
    ...[
      'trusted.overlay.opaque',
      'trusted.overlay.redirect',
      'trusted.overlay.metacopy',
      'trusted.overlay.origin',
      'trusted.overlay.whiteout',
      'trusted.overlay.overlay.opaque',
      'user.overlay.opaque',
      'user.overlay.redirect',
      'user.overlay.whiteout',
    ].map(overlay),
    bad(
      'an attribute of overlayfs on a folder',
      tar(pax({ 'SCHILY.xattr.trusted.overlay.opaque': 'y' }), folder('d/')),
      /d.*overlay/,
    ),
    bad(
      'an attribute of overlayfs on a link',
      tar(pax({ 'SCHILY.xattr.user.overlay.redirect': '/x' }), symlink('l', 'x')),
      /l.*overlay/,
    ),
    bad(
      'an attribute of overlayfs on a hard link',
      tar(file('a'), pax({ 'SCHILY.xattr.trusted.overlay.redirect': '/x' }), hardLink('l', 'a')),
      /l.*overlay/,
    ),
    bad(
      'an attribute of overlayfs on the root',
      tar(pax({ 'SCHILY.xattr.trusted.overlay.opaque': 'y' }), folder('./')),
      /overlay/,
    ),
    fine(
      'an attribute of overlayfs in a global header, which counts for nothing',
      tar(pax({ 'SCHILY.xattr.trusted.overlay.opaque': 'y' }, 'g'), folder('d/')),
      { d: 'folder' },
    ),
    fine(
      'an attribute of overlayfs in the words of another program',
      tar(pax({ 'LIBARCHIVE.xattr.trusted.overlay.opaque': 'eQ==' }), folder('d/')),
      { d: 'folder' },
    ),
    fine('an attribute of nobody', tar(attributed('f', { 'Trusted.overlay.opaque': 'y', foo: 'x' })), {
      f: 'file content',
    }),
    bad('an attribute of 65,537 bytes', tar(attributed('f', { 'user.a': 'x'.repeat(65_537) })), /f/),
    fine('an attribute with a name that no file can have', tar(attributed('f', { [`user.${'n'.repeat(300)}`]: 'x' })), {
      f: 'file content',
    }),
    fine('an attribute without a name', tar(pax({ 'SCHILY.xattr.': 'x' }), file('f')), { f: 'file content' }),
    bad(
      'ten thousand attributes',
      tar(
        attributed(
          'f',
          Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`user.a${index}`, 'x'.repeat(40)])),
        ),
      ),
      /f/,
    ),
    bad('a capability that is none', tar(attributed('f', { 'security.capability': 'nonsense' })), /f/),
    fine('a list of rights that is none', tar(attributed('f', { 'system.posix_acl_access': 'nonsense' })), {
      f: 'file content',
    }),
  ];
}

const paxWith = (key: string, value: string): Buffer => tar(pax({ [key]: value }), file('f'));

const rawPax = (text: string): Buffer => tar(file('before'), entry({ name: 'p', type: 'x', body: text }), file('f'));

const huge = 2 ** 30;

/** Numbers and extended headers beyond all measure. */
export function numberCases(): HostileLayer[] {
  return [
    bad('a size of nearly 2^63', tar(entry({ size: base256(2n ** 63n - 1n, 12) })), /"f"/),
    bad('a size beyond 2^63', tar(entry({ size: base256(2n ** 80n, 12) })), /"f"/),
    bad('a size of 2^53', tar(entry({ size: base256(2n ** 53n, 12) })), /"f"/),
    bad('a size of 2^52', tar(entry({ size: base256(2n ** 52n, 12) })), /"f"/),
    bad('a size of 8 GiB and no content', tar(entry({ size: '77777777777\0' })), /"f"/),
    bad('a negative size', tar(entry({ size: base256(-1n, 12) })), /negative.*"f"/),
    bad('a negative size in octal', tar(entry({ size: '-0000000001\0' })), /"f"/),
    bad('a size that is no number', tar(entry({ size: 'many\0' })), /"f"/),
    bad('a PAX size below zero', paxWith('size', '-1'), /"f"/),
    bad('a PAX size of twenty digits', paxWith('size', '99999999999999999999'), /size.*"f"/),
    bad('a PAX size that is no number', paxWith('size', '0x10'), /size.*"f"/),
    bad('a PAX size of 2^62', paxWith('size', String(2n ** 62n)), /"f"/),
    bad('a PAX size larger than the archive', paxWith('size', '100000'), /"f"/),
    bad('an owner of 2^32', tar(entry({ uid: base256(2n ** 32n, 8) })), /f/),
    bad('an owner below zero', tar(entry({ uid: base256(-1n, 8) })), /f/),
    bad('a group of 2^32 - 1, which the kernel takes for none', paxWith('gid', '4294967295'), /f/),
    bad('a group that is no number', paxWith('gid', 'wheel'), /gid.*"f"/),
    fine('the largest owner', paxWith('uid', '4294967294'), { f: 'file content' }),
    bad('a time of 1e999', paxWith('mtime', '1e999'), /mtime/),
    bad('a time of letters', paxWith('mtime', 'now'), /mtime/),
    bad('a time beyond 2^63', paxWith('mtime', '99999999999999999999'), /mtime/),
    bad('another time of letters', paxWith('atime', 'x'), /atime/),
    fine('a time of 2^62', tar(entry({ mtime: base256(2n ** 62n, 12) }), file('g')), { g: 'file content' }),
    fine('a time of -2^62', tar(entry({ mtime: base256(-(2n ** 62n), 12) }), file('g')), { g: 'file content' }),
    fine('a time with a hundred digits behind the point', paxWith('mtime', `1.${'9'.repeat(100)}`), {
      f: 'file content',
    }),
    fine('a mode with all bits', tar(entry({ mode: base256(2n ** 40n + 0o644n, 8), body: 'content' })), {
      f: 'file content',
    }),
    bad(
      'a device with a number beyond the kernel',
      tar(entry({ name: 'n', type: '3', major: base256(2n ** 40n, 8) })),
      /n/,
    ),
    bad('a device with a number below zero', tar(entry({ name: 'n', type: '4', minor: base256(-1n, 8) })), /n/),
    bad('a wrong checksum', tar(file('before'), Buffer.from(entry({})).fill(0x41, 0, 1)), /checksum.*"before"/),
    bad('an unknown type', tar(entry({ type: 'V' })), /"f" has the unknown type/),
    bad('a type of GNU incremental archives', tar(entry({ type: 'D' })), /"f" has the unknown type/),
    bad('a piece of another volume', tar(entry({ type: 'M' })), /"f" has the unknown type/),
    bad(
      'a PAX header of 1 GiB',
      tar(file('before'), entry({ name: 'p', type: 'x', size: huge })),
      /header of 1073741824.*"before"/,
    ),
    bad(
      'a global PAX header of 1 GiB',
      tar(file('before'), entry({ name: 'p', type: 'g', size: huge })),
      /header of 1073741824/,
    ),
    bad(
      'a GNU long name of 1 GiB',
      tar(file('before'), entry({ name: 'p', type: 'L', size: huge })),
      /header of 1073741824/,
    ),
    bad(
      'a GNU long link of 1 GiB',
      tar(file('before'), entry({ name: 'p', type: 'K', size: huge })),
      /header of 1073741824/,
    ),
    bad('a PAX header of 2^62', tar(entry({ name: 'p', type: 'x', size: base256(2n ** 62n, 12) })), /"p"/),
    bad('a PAX record longer than its header', rawPax('999999 path=x\n'), /PAX record is malformed.*"before"/),
    bad('a PAX record shorter than it is', rawPax('5 path=evil\n'), /malformed/),
    bad('a PAX record of length zero', rawPax('0 path=evil\n'), /malformed/),
    bad('a PAX record of negative length', rawPax('-5 path=evil\n'), /malformed/),
    bad('a PAX record with a length in hex', rawPax('0x10 path=evi\n'), /malformed/),
    bad('a PAX record without a newline', rawPax('12 path=evilx'), /malformed/),
    bad('a PAX record without a key', rawPax('7 =abc\n'), /malformed/),
    bad('a PAX header of zero bytes', rawPax('\0'.repeat(30)), /malformed/),
    bad(
      'a PAX header that hides a second record',
      rawPax(`${record('path', 'good').toString()}\0\0${record('path', 'evil').toString()}`),
      /malformed/,
    ),
    bad('a PAX header and no entry', Buffer.concat([pax({ path: 'x' })]), /ends in the middle/),
    bad('a GNU long name and no entry', Buffer.concat([long('L', 'x'.repeat(200))]), /ends in the middle/),
    bad(
      'one block of zeros between entries',
      Buffer.concat([file('a'), Buffer.alloc(512), file('b'), END]),
      /zeros.*"a"/,
    ),
    bad('a header that is cut off', Buffer.concat([file('a'), file('b').subarray(0, 300)]), /ends in the middle.*"a"/),
    bad('content that is cut off', file('a', 'x'.repeat(2000)).subarray(0, 1200), /ends in the middle.*"a"/),
    bad('no tar at all', Buffer.from('no tar at all '.repeat(100)), /checksum|no tar archive/),
    fine('an archive without an end', Buffer.concat([file('a')]), { a: 'file content' }),
    fine('bytes behind the end', Buffer.concat([tar(file('a')), Buffer.from('rubbish '.repeat(200))]), {
      a: 'file content',
    }),
    fine('an archive behind the end', Buffer.concat([tar(file('a')), tar(file('b'))]), { a: 'file content' }),
    fine('nothing but zeros', Buffer.alloc(10_240), {}),
  ];
}

const map = (size: string, text: string, body = ''): Buffer => tar(sparse('s', { size, map: text, body }));

const records = (more: Record<string, string>, body = ''): Buffer =>
  tar(pax({ 'GNU.sparse.major': '0', 'GNU.sparse.minor': '1', ...more }), file('s', body));

/** Sparse files whose maps lie. */
export function sparseCases(): HostileLayer[] {
  return [
    bad('a map that counts a billion regions', map('100', '1000000000\n'), /"s"/),
    bad('a map with fewer numbers than it says', map('100', '5\n0\n10\n'), /"s"/),
    bad('a map without a number', map('100', 'x\n'), /"s"/),
    bad('a map that never ends', map('100', '9'.repeat(4000)), /"s"/),
    bad('a map of half a million regions', map('100', `500000\n${'0\n0\n'.repeat(500_000)}`), /"s"/),
    bad('regions that overlap', map('100', '2\n0\n10\n5\n10\n', 'x'.repeat(20)), /"s"/),
    bad('regions that go back', map('100', '2\n50\n10\n0\n10\n', 'x'.repeat(20)), /"s"/),
    bad('a region beyond the end', map('100', '1\n95\n10\n', 'x'.repeat(10)), /"s"/),
    bad('a region at 2^53', map(String(2 ** 53 - 1), '1\n9007199254740990\n10\n', 'x'.repeat(10)), /"s"/),
    bad('more content than regions', map('100', '1\n0\n10\n', 'x'.repeat(600)), /"s"/),
    bad('less content than regions', map('1000', '1\n0\n900\n', 'x'.repeat(10)), /"s"/),
    bad('a negative size', map('-1', '0\n'), /"s"/),
    bad('a size of 2^62', map(String(2n ** 62n), '0\n'), /"s"/),
    bad('a size of 2 TiB', map(String(2 * 2 ** 40), '0\n'), /"s" is too large/),
    bad('a size of 5 TiB', map(String(5 * 2 ** 40), '0\n'), /"s"|files of more/),
    bad(
      'two records that do not pair',
      tar(
        entry({
          name: 'p',
          type: 'x',
          body: Buffer.concat([
            record('GNU.sparse.size', '10'),
            record('GNU.sparse.offset', '0'),
            record('GNU.sparse.offset', '0'),
          ]),
        }),
        file('s'),
      ),
      /sparse/,
    ),
    bad(
      'a map in the records with an odd number',
      records({ 'GNU.sparse.map': '0,1,2', 'GNU.sparse.numblocks': '2', 'GNU.sparse.size': '10' }),
      /"s"/,
    ),
    bad(
      'a map in the records with another count',
      records({ 'GNU.sparse.map': '0,1', 'GNU.sparse.numblocks': '7', 'GNU.sparse.size': '10' }, 'x'),
      /"s"/,
    ),
    bad(
      'a map in the records with a negative number',
      records({ 'GNU.sparse.map': '-5,1', 'GNU.sparse.numblocks': '1', 'GNU.sparse.size': '10' }, 'x'),
      /"s"/,
    ),
    bad(
      'a folder that is sparse',
      tar(pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' }), folder('s/')),
      /"s\/"/,
    ),
    bad(
      'an old sparse file with regions that overlap',
      tar(
        oldSparse('s', {
          size: 100,
          regions: [
            [0, 10],
            [5, 10],
          ],
          body: 'x'.repeat(20),
        }),
      ),
      /"s"/,
    ),
    bad('an old sparse file of a negative size', tar(oldSparse('s', { size: base256(-5n, 12), regions: [] })), /"s"/),
    bad(
      'an old sparse file whose map goes on for ever',
      tar(
        oldSparse('s', { size: 100, regions: [], more: true }),
        ...Array.from({ length: 3000 }, () => Buffer.alloc(512).fill(1, 504, 505)),
      ),
      /"s"/,
    ),
    bad(
      'an old sparse file whose map is cut off',
      Buffer.concat([oldSparse('s', { size: 100, regions: [], more: true })]),
      /ends in the middle.*"s"/,
    ),
    bad('an old sparse file of another dialect', tar(entry({ name: 's', type: 'S' })), /"s"/),
    fine('a sparse file of 64 MiB and nothing in it', map(String(2 ** 26), '0\n'), {}),
    fine(
      'a sparse file of a version that nobody knows',
      tar(pax({ 'GNU.sparse.major': '9', 'GNU.sparse.minor': '9', 'GNU.sparse.name': 'other' }), file('s')),
      { s: 'file content' },
    ),
  ];
}
