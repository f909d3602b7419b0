import { createHash } from 'node:crypto';
import { NotImplementedError } from '#lib/errors.ts';
import { VERSION } from '#lib/version.ts';
import { formatPlatform } from '#oci/platform.ts';
import { epochOf } from '../../stages/epoch.ts';
import type { Attributes } from '../attributes.ts';
import type { BuiltImage } from '../built-image.ts';
import { type Delivery, within } from '../exporting.ts';
import type { FoundPackage, Scan } from './scan/found-package.ts';
import { scanPlaces } from './scan-places.ts';
import { scanTree } from './scan/scan-tree.ts';
import type { Predicate } from './statements.ts';

/** The scanner that clients name when they ask for none in particular. */
const USUAL_SCANNER = /^(docker\.io\/)?docker\/(buildkit-syft-scanner|scout-sbom-indexer)(:|@|$)/;

/** The packages of an image (SPDX 2.3), and of what else the build asks for. @throws {NotImplementedError} if another scanner is wanted */
export async function sbomsOf(delivery: Delivery, image: BuiltImage, parameters: Attributes): Promise<Predicate[]> {
  const { vertex, signal } = delivery;
  const { result } = image;
  checkScanner(parameters);
  const epoch = await epochOf(result.build);
  const created = new Date(epoch === undefined ? Date.now() : epoch * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
  const made: Predicate[] = [];
  for (const place of await scanPlaces(image)) {
    const scan = await within(vertex, `generating ${place.name}`, async () => {
      await using tree = await place.open();
      return await scanTree(tree.root, { scratch: result.build.files.scratch, signal });
    });
    for (const unread of scan.unread) vertex.note(`[Warning] SBOM: ${unread}`);
    const title = `${formatPlatform(result.platform)} ${place.name === 'sbom' ? 'image' : place.name.slice('sbom-'.length)}`;
    const body = writeSpdx(scan, { name: place.name, title, created });
    made.push({ type: 'https://spdx.dev/Document', body, fileName: `${place.name}.spdx.json` });
  }
  return made;
}

/** @throws {NotImplementedError} if another scanner is wanted */
export function checkScanner(parameters: Attributes): void {
  const generator = parameters.get('generator') ?? '';
  if (generator === '' || USUAL_SCANNER.test(generator)) return;
  throw new NotImplementedError(`the SBOM scanner ${generator} cannot be used`, {
    why: 'packages are looked for by this engine itself',
    hint: 'leave generator= out',
  });
}

function writeSpdx(
  { packages, unread }: Scan,
  { name, title, created }: { name: string; title: string; created: string },
): object {
  const described = packages.map(writePackage);
  const identity = createHash('sha256')
    .update(JSON.stringify([title, created, described]))
    .digest('hex');
  const image = 'SPDXRef-Image';
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    documentNamespace: `https://spdx.org/spdxdocs/berth-${identity.slice(0, 32)}`,
    creationInfo: { created, creators: [`Tool: berth-${VERSION}`] },
    ...(unread.length > 0 && { comment: unread.join('\n') }),
    packages: [
      { SPDXID: image, name: title, ...UNKNOWN, filesAnalyzed: false, primaryPackagePurpose: 'CONTAINER' },
      ...described,
    ],
    relationships: [
      relation('SPDXRef-DOCUMENT', 'DESCRIBES', image),
      ...described.map(({ SPDXID }) => relation(image, 'CONTAINS', SPDXID)),
    ],
  };
}

const UNKNOWN = {
  downloadLocation: 'NOASSERTION',
  licenseConcluded: 'NOASSERTION',
  licenseDeclared: 'NOASSERTION',
  copyrightText: 'NOASSERTION',
} as const;

function writePackage(found: FoundPackage): { SPDXID: string } & Record<string, unknown> {
  const { type, name, version, url, path, license, supplier } = found;
  const identity = createHash('sha256').update(`${url} ${path}`).digest('hex').slice(0, 16);
  return {
    SPDXID: `SPDXRef-Package-${type}-${name.replace(/[^A-Za-z0-9.-]/g, '-')}-${identity}`,
    name,
    versionInfo: version,
    ...(supplier !== undefined && { supplier: `Organization: ${supplier}` }),
    ...UNKNOWN,
    filesAnalyzed: false,
    sourceInfo: `found at /${path}`,
    ...(license !== undefined && { licenseComments: license }),
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: url }],
  };
}

function relation(from: string, relationshipType: string, to: string): object {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}
