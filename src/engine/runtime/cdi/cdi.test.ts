import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Cdi, openCdi } from './cdi.ts';

const MADE_UP = {
  cdiVersion: '0.6.0',
  kind: 'example.com/card',
  containerEdits: { env: ['COMMON=1'] },
  devices: [
    { name: '0', containerEdits: { env: ['CARD=0'], deviceNodes: [{ path: '/dev/card0', hostPath: '/dev/null' }] } },
    {
      name: '1',
      containerEdits: {
        env: ['CARD=1'],
        deviceNodes: [{ path: '/dev/card1', type: 'c', major: 10, minor: 7, permissions: 'r', fileMode: 0o600 }],
        mounts: [
          { hostPath: '/usr/lib/card.so', containerPath: '/usr/lib/card.so', options: ['ro', 'rbind', 'nosuid'] },
        ],
        hooks: [{ hookName: 'createContainer', path: '/usr/bin/card-hook', args: ['card-hook', 'link'] }],
      },
    },
  ],
};

/** Folders with made-up descriptions, the first of less weight. */
async function described(...folders: Readonly<Record<string, unknown>>[]): Promise<Cdi & AsyncDisposable> {
  const place = await mkdtempDisposable(join(tmpdir(), 'cdi-'));
  const paths: string[] = [];
  for (const [index, files] of folders.entries()) {
    const path = join(place.path, String(index));
    paths.push(path);
    await mkdir(path);
    for (const [name, content] of Object.entries(files))
      await writeFile(join(path, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return { ...(await openCdi([...paths, join(place.path, 'absent')])), [Symbol.asyncDispose]: () => place.remove() };
}

test('devices are found by name, by class and all of a class', async () => {
  await using cdi = await described({ 'card.json': MADE_UP });
  expect(cdi.find('example.com/card=1')).toEqual(['example.com/card=1']);
  expect(cdi.find('example.com/card')).toEqual(['example.com/card=0']);
  expect(cdi.find('example.com/card=*')).toEqual(['example.com/card=0', 'example.com/card=1']);
  expect(cdi.find('example.com/card=9')).toEqual([]);
  expect(cdi.find('example.com/other')).toEqual([]);
});

test('what devices bring is put together; what is common to them comes once', async () => {
  await using cdi = await described({ 'card.json': MADE_UP });
  const edits = cdi.edits(['example.com/card=0', 'example.com/card=1']);
  expect(edits.env).toEqual(['COMMON=1', 'CARD=0', 'CARD=1']);
  expect(edits.nodes).toEqual([
    { path: '/dev/card0', type: 'c', major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 },
    { path: '/dev/card1', type: 'c', major: 10, minor: 7, fileMode: 0o600, uid: 0, gid: 0 },
  ]);
  expect(edits.rules.map(({ access }) => access)).toEqual(['rwm', 'r']);
  expect(edits.mounts).toEqual([
    { type: 'bind', source: '/usr/lib/card.so', destination: '/usr/lib/card.so', options: ['ro', 'nosuid'] },
  ]);
  expect(edits.hooks).toEqual({ createContainer: [{ path: '/usr/bin/card-hook', args: ['card-hook', 'link'] }] });
});

test('a later folder holds, and two descriptions in one folder hold neither', async () => {
  const other = { ...MADE_UP, containerEdits: { env: ['COMMON=2'] } };
  await using later = await described({ 'card.json': MADE_UP }, { 'card.json': other });
  expect(later.edits(['example.com/card=0']).env).toEqual(['COMMON=2', 'CARD=0']);
  await using twice = await described({ 'a.json': MADE_UP, 'b.json': other });
  expect(twice.find('example.com/card=0')).toEqual([]);
  expect(twice.missing('example.com/card=0').why).toContain('described twice');
});

test('what cannot be read is told where a device is missing', async () => {
  await using cdi = await described({
    'nvidia.yaml': 'cdiVersion: 0.6.0\n',
    'broken.json': '{',
    'unknown.json': { ...MADE_UP, kind: 'example.com/new', devices: [{ name: 'a', containerEdits: { intelRdt: {} } }] },
    'card.json': MADE_UP,
  });
  const { message, why = '', hint } = cdi.missing('nvidia.com/gpu=all');
  expect(message).toBe('device nvidia.com/gpu=all is not known on this host');
  expect(why).toContain('nvidia.yaml is YAML, which is not read');
  expect(why).toContain('broken.json: it is no JSON');
  expect(why).toContain('containerEdits.intelRdt is a field that is not known here');
  expect(why).toContain('what is described: example.com/card=0, example.com/card=1');
  expect(hint).toContain('--format=json');
});

test('a description of a device that is not there is told', async () => {
  const gone = { path: '/dev/does-not-exist' };
  const spec = { ...MADE_UP, devices: [{ name: '0', containerEdits: { deviceNodes: [gone] } }] };
  await using cdi = await described({ 'card.json': spec });
  expect(() => cdi.edits(['example.com/card=0'])).toThrow('describes a device that cannot be given');
});
