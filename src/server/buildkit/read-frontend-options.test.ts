import { expect, test } from 'vitest';
import type { NamedContext } from '#engine/builder/sources/context-source.ts';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import type { FrontendCall } from './frontend-call.ts';
import { SOLVE_REQUEST } from './messages/control.ts';
import { readFrontendOptions } from './read-frontend-options.ts';
import type { Session } from './sessions.ts';

const EMPTY_ORDER = decodeMessage(SOLVE_REQUEST, new Uint8Array());

/** A client that offers everything; what is asked of it is its name. */
const SESSION = {
  files: (name: string) => ({ title: `files of ${name}` }),
  upload: (url: string) => ({ title: `upload ${url}` }),
  layout: (address: string) => ({ title: `layout ${address}` }),
  store: (id: string) => ({ id }),
  sink: (index: number) => ({ index }),
} as unknown as Session;

function read(
  options: Record<string, string>,
  {
    order = {},
    ...call
  }: Partial<Omit<FrontendCall, 'order' | 'options'>> & { order?: Partial<FrontendCall['order']> } = {},
): ReturnType<typeof readFrontendOptions> {
  return readFrontendOptions(
    {
      order: { ...EMPTY_ORDER, ref: 'r', ...order },
      session: SESSION,
      options: new Map(Object.entries(options)),
      cacheImports: [],
      inputs: new Map(),
      ...call,
    },
    new AbortController().signal,
  );
}

test('without further ado the client’s folders are built', () => {
  const request = read({});
  expect(request).toMatchObject({
    ref: 'r',
    context: { title: 'files of context' },
    dockerfile: { name: 'Dockerfile', source: { title: 'files of dockerfile' } },
    target: '',
    noCache: [],
    pull: false,
    platforms: [],
    multiPlatform: false,
    limits: { networkMode: 'bridge', extraHosts: [], ulimits: [] },
    outputs: [],
    ignored: [],
  });
});

test('options are read by their names', () => {
  const request = read({
    filename: 'sub/Dockerfile.x',
    target: 'app',
    platform: 'linux/amd64,linux/arm64',
    'multi-platform': 'true',
    'no-cache': 'a, b',
    'image-resolve-mode': 'pull',
    'build-arg:A': '1',
    'build-arg:B': '',
    'label:l': 'v',
    'add-hosts': 'db=10.0.0.5,six=fd00::1',
    'shm-size': '67108864',
    ulimit: 'nofile=1024:2048,nproc=5',
    memory: '1000',
    'cgroup-parent': '/x',
    'force-network-mode': 'host',
    hostname: 'h',
    'attest:provenance': 'mode=max,inline-only=true',
    'attest:sbom': '',
    'vcs:source': 'https://example.com/r.git',
    unheard: 'of',
  });
  expect(request).toMatchObject({
    dockerfile: { name: 'sub/Dockerfile.x' },
    target: 'app',
    platforms: [
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64' },
    ],
    multiPlatform: true,
    noCache: ['a', 'b'],
    pull: true,
    limits: {
      networkMode: 'host',
      extraHosts: ['db:10.0.0.5', 'six:fd00::1'],
      shmBytes: 67_108_864,
      memoryBytes: 1000,
      cgroupParent: '/x',
      hostname: 'h',
      ulimits: [
        { name: 'nofile', soft: 1024, hard: 2048 },
        { name: 'nproc', soft: 5, hard: 5 },
      ],
    },
    ignored: ['unheard'],
  });
  expect([...request.buildArgs]).toEqual([
    ['A', '1'],
    ['B', ''],
  ]);
  expect([...request.labels]).toEqual([['l', 'v']]);
  expect([...(request.attestations.get('provenance') ?? [])]).toEqual([
    ['mode', 'max'],
    ['inline-only', 'true'],
  ]);
  expect(request.attestations.get('sbom')?.size).toBe(0);
  expect(read({ 'no-cache': '' }).noCache).toBe('all');
  expect(read({ 'attest:provenance': 'disabled=true' }).attestations.size).toBe(0);
});

test('contexts come from where their names say', () => {
  const uploaded = read({ context: 'http://buildkit-session/abc' });
  expect(uploaded.context.title).toBe('upload http://buildkit-session/abc');
  expect(uploaded.dockerfile.source).toBeUndefined();
  const elsewhere = read({ context: 'https://example.com/r.git#main', dockerfilekey: 'dockerfile' });
  expect(elsewhere.context.title).toContain('example.com/r.git');
  expect(elsewhere.dockerfile.source?.title).toBe('files of dockerfile');
  const image = { title: 'base', resolve: async () => Promise.reject(new Error('unused')) };
  const { namedContexts } = read(
    {
      'context:Files': 'local:files',
      'context:lay': 'oci-layout://st@sha256:12',
      'context:base': 'input:0-base',
      'context:img': 'docker-image://alpine',
      'context:repo': 'https://example.com/r.git',
    },
    { inputs: new Map([['0-base', { kind: 'image', source: image }]]) },
  );
  const named = [...namedContexts].map(([name, context]) => [
    name,
    context.kind === 'reference' ? context.name : context.source.title,
  ]);
  expect(named.slice(0, 4)).toEqual([
    ['files', 'files of files'],
    ['lay', 'layout st@sha256:12'],
    ['base', 'base'],
    ['img', 'alpine'],
  ]);
  expect(() => read({ 'context:x': 'input:nope' })).toThrow('no input nope');
  const files = { kind: 'files', source: { title: 'fetched' } } as NamedContext;
  const fetched = read(
    {},
    {
      inputs: new Map([
        ['context', files],
        ['dockerfile', files],
      ]),
    },
  );
  expect([fetched.context.title, fetched.dockerfile]).toEqual(['fetched', { name: 'Dockerfile' }]);
  const alone = read({}, { inputs: new Map([['dockerfile', files]]) });
  expect([alone.context.title, alone.dockerfile.source?.title]).toEqual(['files of context', 'fetched']);
  const built = new Map<string, NamedContext>([['context', { kind: 'image', source: image }]]);
  expect(() => read({}, { inputs: built })).toThrow('cannot be the context');
});

test('outputs and caches are those of the order', () => {
  const request = read(
    { 'cache-imports': '[{"Type":"registry","Attrs":{"ref":"a/b"}},{"Type":"gha","Attrs":{}}]', 'cache-from': 'c/d' },
    {
      order: {
        exporters: [
          { type: 'moby', attributes: new Map([['name', 'x,y:2']]) },
          { type: 'oci', attributes: new Map() },
        ],
        cache: {
          exportRefDeprecated: '',
          importRefsDeprecated: [],
          imports: [{ type: 'local', attributes: new Map([['src', '/s']]) }],
          exports: [{ type: 'local', attributes: new Map([['dest', '/d']]) }],
        },
        entitlements: ['network.host', 'device=vendor.com/gpu'],
      },
      cacheImports: [{ type: 'registry', attributes: new Map([['ref', 'a/b']]) }],
    },
  );
  expect(request.ignored).toContain('--cache-from type=gha');
  expect(request.outputs.map(({ type, sink }) => [type, sink])).toEqual([
    ['image', undefined],
    ['oci', { index: 1 }],
  ]);
  expect(request.outputs[0]?.attributes.get('name')).toBe('docker.io/library/x:latest,docker.io/library/y:2');
  expect(request.cacheFrom.map(({ type, attributes, store }) => [type, attributes.get('ref'), store])).toEqual([
    ['local', undefined, { id: 'local:/s' }],
    ['registry', 'a/b', undefined],
    ['registry', 'c/d', undefined],
  ]);
  expect(request.cacheTo[0]?.store).toEqual({ id: 'local:/d' });
  expect([...request.entitlements]).toEqual(['network.host', 'device']);
});

test('what cannot be is refused', () => {
  expect(() => read({}, { session: undefined })).toThrow('no session');
  expect(() => read({ 'shm-size': 'much' })).toThrow('shm-size');
  expect(() => read({ ulimit: 'nofile' })).toThrow('ulimit');
  expect(() => read({ 'add-hosts': 'db' })).toThrow('host');
  expect(() => read({ 'force-network-mode': 'bridge' })).toThrow('force-network-mode');
  expect(() => read({ 'cache-imports': '{' })).toThrow('cache-imports');
  expect(() => read({ contextsubdir: 'x' })).toThrow('contextsubdir');
  expect(() => read({ 'attest:other': '' })).toThrow('attestation');
  expect(() => read({}, { order: { entitlements: ['everything'] } })).toThrow('entitlement');
  expect(() => read({}, { order: { exporters: [{ type: 'floppy', attributes: new Map() }] } })).toThrow('floppy');
  const exports = [{ type: 's3', attributes: new Map<string, string>() }];
  const cache = { exportRefDeprecated: '', importRefsDeprecated: [], imports: [], exports };
  expect(() => read({}, { order: { cache } })).toThrow('s3');
});

test('for a client behind the network only public addresses are fetched from', () => {
  expect(read({}).guardNetwork).toBe(false);
  expect(read({}, { order: { isRemote: true } }).guardNetwork).toBe(true);
});
