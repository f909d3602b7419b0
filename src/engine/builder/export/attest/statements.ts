import { imagePackageUrl } from '#oci/package-url.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { hexOf } from '#oci/digest.ts';
import type { Platform } from '#oci/platform.ts';
import { formatPlatform } from '#oci/platform.ts';
import type { Reference } from '#oci/reference.ts';
import type { BuildRequest } from '../../request.ts';
import { flagOf } from '../attributes.ts';
import type { BuiltImage } from '../built-image.ts';
import type { Statement } from '../compose.ts';
import type { Delivery } from '../exporting.ts';
import { digestFiles } from './digest-files.ts';
import { provenanceOf } from './provenance.ts';
import { sbomsOf } from './sbom.ts';

/** What is said about an image, not yet about which. */
export interface Predicate {
  type: string;
  body: object;
  /** Of the file it is in where it does not go into an image. */
  fileName: string;
}

/** Says it of an image. */
export type MakeStatements = (manifest: Descriptor) => readonly Statement[];

const STATEMENT = 'https://in-toto.io/Statement/v1';

export interface StatementOptions {
  /** What is only said inside an image is said. */
  isInline: boolean;
  names: readonly Reference[];
  /** Of each image, as they are delivered. */
  layers: readonly (readonly Descriptor[])[];
}

/** What the request wants to be said about each image of a result; none at all if nothing is wanted. */
export async function statementsOf(
  delivery: Delivery,
  built: readonly BuiltImage[],
  { isInline, names, layers }: StatementOptions,
): Promise<readonly MakeStatements[]> {
  const wanted = wantedKinds(delivery.request, isInline);
  if (wanted.length === 0) return [];
  const made: MakeStatements[] = [];
  for (const [index, image] of built.entries()) {
    const predicates = await predicatesOf(delivery, image, { wanted, layers: layers[index] });
    const { platform } = image.result;
    made.push((manifest) => predicates.map((predicate) => stateOfImage(predicate, { manifest, names, platform })));
  }
  return made;
}

function stateOfImage(
  { type, body }: Predicate,
  { manifest, names, platform }: { manifest: Descriptor; names: readonly Reference[]; platform: Platform },
): Statement {
  const digest = { sha256: hexOf(manifest.digest) };
  const titles = names.length === 0 ? ['_'] : names.map((name) => imagePackageUrl(name, platform));
  const subject = titles.map((name) => ({ name, digest }));
  const statement = { _type: STATEMENT, predicateType: type, subject, predicate: body };
  return { predicateType: type, bytes: Buffer.from(JSON.stringify(statement)) };
}

/**
 * The same as files to lie beside those of a result, for each platform: what is said is said of every file.
 * @param options.isSplit each platform has a folder of its own
 */
export async function statementFiles(
  delivery: Delivery,
  { prefix, isSplit }: { prefix: string; isSplit: boolean },
): Promise<readonly ReadonlyMap<string, Buffer>[]> {
  const wanted = wantedKinds(delivery.request, false);
  if (wanted.length === 0) return [];
  const all: Map<string, Buffer>[] = [];
  for (const image of await delivery.sealed()) {
    const subject = await digestFiles(delivery.context, image.result.state.layers.at(-1));
    const platform = formatPlatform(image.result.platform).replaceAll('/', '_');
    const files = new Map<string, Buffer>();
    for (const { type, body, fileName } of await predicatesOf(delivery, image, { wanted })) {
      const statement = { _type: STATEMENT, predicateType: type, subject, predicate: body };
      const name = `${prefix}${isSplit ? fileName : fileName.replace(/(\.[^.]+)?$/, `.${platform}$1`)}`;
      files.set(name, Buffer.from(JSON.stringify(statement, undefined, 2)));
    }
    all.push(files);
  }
  return all;
}

type Kind = 'sbom' | 'provenance';

function wantedKinds({ attestations }: BuildRequest, isInline: boolean): Kind[] {
  const kinds: Kind[] = ['sbom', 'provenance'];
  return kinds.filter((kind) => {
    const parameters = attestations.get(kind);
    if (parameters === undefined || flagOf(parameters, 'disabled')) return false;
    return isInline || !flagOf(parameters, 'inline-only');
  });
}

async function predicatesOf(
  delivery: Delivery,
  image: BuiltImage,
  { wanted, layers = [] }: { wanted: readonly Kind[]; layers?: readonly Descriptor[] | undefined },
): Promise<Predicate[]> {
  const made: Predicate[] = [];
  for (const kind of wanted) {
    const parameters = delivery.request.attestations.get(kind) ?? new Map<string, string>();
    if (kind === 'sbom') made.push(...(await sbomsOf(delivery, image, parameters)));
    else made.push(await provenanceOf(delivery, { image, layers }, parameters));
  }
  return made;
}
