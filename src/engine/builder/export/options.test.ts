import { describe, expect, test } from 'vitest';
import type { Platform } from '#oci/platform.ts';
import { parseAnnotations } from './annotations.ts';
import { flagOf, numberOf } from './attributes.ts';
import { parseImageOptions } from './image-options.ts';
import type { OutputSpec } from './output-spec.ts';

const ARM64: Platform = { os: 'linux', architecture: 'arm64' };

function attributes(text: string): Map<string, string> {
  return new Map(text.split(' ').map((field) => field.split('=') as [string, string]));
}

function options(type: OutputSpec['type'], text = 'name='): ReturnType<typeof parseImageOptions> {
  return parseImageOptions({ type, attributes: attributes(text) });
}

test.each([
  ['a=true', true],
  ['a=1', true],
  ['a=', true],
  ['a=F', false],
  ['b=1', false],
])('the switch a of %s is %s', (text, expected) => {
  expect(flagOf(attributes(text), 'a')).toBe(expected);
});

test('what is neither on nor off, and numbers beyond their range, are refused', () => {
  expect(() => flagOf(attributes('a=yes'), 'a')).toThrow('invalid value "yes" for the output option a');
  for (const value of ['10', '-1', '1.5', 'x'])
    expect(() => numberOf(attributes(`a=${value}`), 'a', { from: 0, to: 9 })).toThrow('the output option a');
});

describe('forms', () => {
  test.each([
    ['image', 'name=x', undefined],
    ['image', 'push=true', { kind: 'gzip', level: 6 }],
    ['docker', 'name=x', undefined],
    ['oci', 'name=x', { kind: 'gzip', level: 6 }],
    ['oci', 'compression=uncompressed', undefined],
    ['oci', 'compression=zstd', { kind: 'zstd', level: 3 }],
    ['docker', 'compression=gzip compression-level=1', { kind: 'gzip', level: 1 }],
  ] as const)('layers of %s with %s', (type, text, expected) => {
    expect(options(type, text).compression).toEqual(expected);
  });

  test('Docker types are for Docker archives, unless they have none for the form', () => {
    expect(options('docker').hasOciTypes).toBe(false);
    expect(options('docker', 'oci-mediatypes=true').hasOciTypes).toBe(true);
    expect(options('image', 'oci-mediatypes=false').hasOciTypes).toBe(false);
    expect(options('image', 'oci-mediatypes=false compression=zstd').hasOciTypes).toBe(true);
  });

  test('names are whole, and one is one', () => {
    expect(options('image', 'name=a,docker.io/library/a:latest,b:1').names).toEqual([
      { domain: 'docker.io', path: 'library/a', tag: 'latest' },
      { domain: 'docker.io', path: 'library/b', tag: '1' },
    ]);
    expect(() => options('image', 'name=A B')).toThrow('invalid reference format');
  });
});

describe('annotations', () => {
  test('go to their place and platform; those of the platform count more', () => {
    const found = parseAnnotations(
      attributes(
        'annotation.b=1 annotation.a=1 annotation-manifest[linux/arm64].a=2 annotation-index.c=3 annotation-manifest-descriptor.d=4 annotation-index-descriptor.e=5 name=x',
      ),
    );
    expect(Object.entries(found.of('manifest') ?? {})).toEqual([
      ['a', '1'],
      ['b', '1'],
    ]);
    expect(found.of('manifest', ARM64)).toEqual({ a: '2', b: '1' });
    expect(found.of('index')).toEqual({ c: '3' });
    expect(found.of('manifest-descriptor', ARM64)).toEqual({ d: '4' });
    expect(found.of('index-descriptor')).toEqual({ e: '5' });
    expect(found.platforms).toEqual(['linux/arm64']);
    expect(parseAnnotations(new Map()).of('manifest')).toBeUndefined();
  });

  test.each(['annotation-config.a=1', 'annotation[linux/arm64]=1', 'annotation[*].a=1'])('%s is refused', (text) => {
    expect(() => parseAnnotations(attributes(text))).toThrow('invalid annotation');
  });
});
