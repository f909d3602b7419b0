import { expect, test } from 'vitest';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { checkCaches } from '../cache/export-cache.ts';
import { checkOutputs } from './check-outputs.ts';

/** `type=oci,name=x` as clients write it. */
function pairs(text: string): Map<string, string> {
  return new Map(text.split(',').map((field) => field.split('=') as [string, string]));
}

function check(output: string, attest?: ['sbom' | 'provenance', string], platforms = 1): void {
  const attributes = pairs(output);
  checkOutputs({
    outputs: [{ type: attributes.get('type') as 'image', attributes }],
    attestations: new Map(attest === undefined ? [] : [[attest[0], pairs(attest[1])]]),
    platforms: Array.from({ length: platforms }, hostPlatform),
    multiPlatform: false,
  });
}

test.each([
  ['type=image,compression=estargz', 'compression=estargz is not supported'],
  ['type=oci,compression=lzma', 'unsupported layer compression type: lzma'],
  ['type=image,push=true', 'an image that is pushed needs a name'],
  ['type=image,push=maybe', 'output option push'],
  ['type=local,mode=move', 'output option mode'],
  ['type=tar,source-date-epoch=x', 'output option source-date-epoch'],
])('%s is refused before anything runs', (output, message) => {
  expect(() => check(output)).toThrow(message);
});

test('attestations that cannot be made, and forms for one platform only', () => {
  expect(() => check('type=image', ['sbom', 'generator=example.com/scanner'])).toThrow('the SBOM scanner');
  expect(() => check('type=image', ['provenance', 'version=v9'])).toThrow('provenance SLSA version');
  expect(() => check('type=image', ['provenance', 'mode=some'])).toThrow('of provenance');
  expect(() => check('type=docker', undefined, 2)).toThrow('manifest lists');
});

test('what can be delivered passes', () => {
  for (const output of ['type=image,name=x,push=true', 'type=docker', 'type=local,mode=delete', 'type=cacheonly'])
    check(output, ['sbom', 'generator=docker/buildkit-syft-scanner:stable-1']);
  check('type=image', ['sbom', 'disabled=true,generator=example.com/scanner']);
  check('type=oci', undefined, 2);
});

function cache(type: 'registry' | 'local' | 'inline', text: string): void {
  checkCaches([{ type, attributes: pairs(text) }]);
}

test('so with caches', () => {
  expect(() => cache('registry', 'mode=max')).toThrow('needs a ref');
  expect(() => cache('registry', 'ref=A B')).toThrow('invalid reference format');
  expect(() => cache('registry', 'ref=a,mode=some')).toThrow('unknown mode of a cache');
  expect(() => cache('registry', 'ref=a,compression=estargz')).toThrow('cannot be compressed by estargz');
  expect(() => cache('local', 'dest=x')).toThrow('a local cache needs a client');
  cache('inline', 'mode=any');
  cache('registry', 'ref=localhost:5000/a:b,mode=max,compression=zstd');
});
