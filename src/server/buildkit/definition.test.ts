import { expect, test } from 'vitest';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import { sha256 } from '#lib/sha256.ts';
import { definitionOf, resultIdOf, sourcePlaceOf } from './definition.ts';
import { DEFINITION, OP } from './messages/common.ts';

const read = (definition: ReturnType<typeof definitionOf>) =>
  decodeMessage(DEFINITION, encodeMessage(DEFINITION, definition));

/** A graph of one source. */
function graph(identifier: string, attributes: Record<string, string> = {}): { def: Buffer[] } {
  const source = encodeMessage(OP, { source: { identifier, attributes: new Map(Object.entries(attributes)) } });
  return { def: [source, encodeMessage(OP, { inputs: [{ digest: sha256(source), index: 0 }] })] };
}

test('a result goes through a client as a graph and comes back as the same result', () => {
  const definition = read(definitionOf('abc', { os: 'linux', architecture: 'arm64', variant: 'v8' }));
  expect(resultIdOf(definition)).toBe('abc');
  const [source = Buffer.alloc(0), end = Buffer.alloc(0)] = definition.def;
  expect(decodeMessage(OP, end).inputs).toEqual([{ digest: sha256(source), index: 0 }]);
  expect(decodeMessage(OP, source).platform).toMatchObject({ architecture: 'arm64', variant: '' });
  expect([...definition.metadata.keys()]).toEqual(expect.arrayContaining([sha256(source), sha256(end)]));
});

test('other graphs are no result', () => {
  const image = encodeMessage(OP, { source: { identifier: 'docker-image://docker.io/library/alpine' } });
  const own = read(definitionOf('abc', { os: 'linux', architecture: 'amd64' })).def;
  expect(resultIdOf({ def: [image] })).toBeUndefined();
  expect(resultIdOf({ def: [] })).toBeUndefined();
  expect(resultIdOf({ def: [...own, image] })).toBeUndefined();
});

test('a graph that is nothing but a repository or a file is that place', () => {
  const file = sourcePlaceOf(graph('https://example.com/x/Bakefile', { 'http.filename': 'Dockerfile' }));
  expect([file?.source.title, file?.fileName]).toEqual(['https://example.com/x/Bakefile', 'Dockerfile']);
  expect(sourcePlaceOf(graph('https://example.com/x/bake.json'))?.fileName).toBe('bake.json');
  const full = { 'git.fullurl': 'https://example.com/r.git' };
  expect(sourcePlaceOf(graph('git://example.com/r.git#main:sub', full))?.source.title).toBe(
    'https://example.com/r.git#main',
  );
  expect(sourcePlaceOf(graph('git://example.com/r.git'))?.source.title).toBe('https://example.com/r.git');
  expect(sourcePlaceOf(graph('docker-image://alpine'))).toBeUndefined();
  expect(sourcePlaceOf(graph('local://context'))).toBeUndefined();
  expect(sourcePlaceOf({ def: [...graph('https://a/b').def, ...graph('https://a/c').def] })).toBeUndefined();
});
