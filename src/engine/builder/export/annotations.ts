import { InvalidArgumentError } from '#lib/errors.ts';
import { parsePlatform } from '#oci/parse-platform.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import type { Attributes } from './attributes.ts';

/** Places of a result that annotations go to. */
export type AnnotationPlace = 'index' | 'index-descriptor' | 'manifest' | 'manifest-descriptor';

/** Annotations that an output asks for. */
export interface Annotations {
  /** Those of a place, of the platform and of all; sorted by name. */
  of(place: AnnotationPlace, platform?: Platform): Record<string, string> | undefined;
  /** Platforms that some are only for. */
  platforms: readonly string[];
}

const KEY = /^annotation(?:-([a-z-]+))?(?:\[([A-Za-z0-9_/-]+)\])?\.(\S+)$/;
const PLACES: readonly string[] = ['index', 'index-descriptor', 'manifest', 'manifest-descriptor'];

/** Reads `annotation.NAME`, `annotation-PLACE.NAME` and `annotation-PLACE[PLATFORM].NAME`. @throws {InvalidArgumentError} */
export function parseAnnotations(attributes: Attributes): Annotations {
  const found: { place: string; platform: string; name: string; value: string }[] = [];
  for (const [key, value] of attributes) {
    if (!/^annotation[-.[]/.test(key)) continue;
    const [, place = 'manifest', platform = '', name = ''] = KEY.exec(key) ?? [];
    if (name === '' || !PLACES.includes(place))
      throw new InvalidArgumentError(`invalid annotation ${JSON.stringify(key)}`, {
        why: name === '' ? 'it has no name' : `there is no place ${JSON.stringify(place)} for it`,
        hint: `write annotation.NAME=VALUE, or annotation-PLACE.NAME=VALUE with one of ${PLACES.join(', ')}`,
      });
    found.push({ place, platform: platform === '' ? '' : formatPlatform(parsePlatform(platform)), name, value });
  }
  return {
    platforms: [...new Set(found.map(({ platform }) => platform))].filter((platform) => platform !== ''),
    of(place, platform) {
      const own = platform === undefined ? '' : formatPlatform(platform);
      const isIndex = place.startsWith('index');
      const fitting = found
        .filter((one) => one.place === place && (isIndex || one.platform === '' || one.platform === own))
        // What is said of the platform counts more.
        .toSorted((a, b) => a.platform.length - b.platform.length);
      if (fitting.length === 0) return undefined;
      const named = new Map(fitting.map(({ name, value }) => [name, value]));
      return Object.fromEntries([...named].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
}
