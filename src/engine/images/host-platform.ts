import { choosePlatforms } from '#oci/choose-platform.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Index } from '#oci/manifest.ts';
import { isIndexType, isManifestType } from '#oci/media-type.ts';
import type { Platform } from '#oci/platform.ts';

const ARCHITECTURES: Readonly<Record<string, Platform>> = {
  x64: { os: 'linux', architecture: 'amd64' },
  arm64: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  arm: { os: 'linux', architecture: 'arm', variant: 'v7' },
  ia32: { os: 'linux', architecture: '386' },
};

/** What this machine runs, in the words of OCI. */
export function hostPlatform(): Platform {
  return ARCHITECTURES[process.arch] ?? { os: 'linux', architecture: process.arch };
}

/** The child of an index for a platform: images only, those first that run there best. Undefined if there is none. */
export function selectPlatform(index: Index, wanted: Platform = hostPlatform()): Descriptor | undefined {
  const images = index.manifests.filter(isImage);
  const [best] = choosePlatforms(
    wanted,
    images.flatMap((image) => (image.platform === undefined ? [] : [{ ...image.platform, image }])),
  );
  // A newer variant than the one asked for may run, and is better than none.
  const fitting = images.find(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  // An index without platforms, with one image: there is nothing to choose.
  return best?.image ?? fitting ?? (images.length === 1 && images[0]?.platform === undefined ? images[0] : undefined);
}

function isImage({ mediaType, annotations }: Descriptor): boolean {
  const isAttestation = annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
  return (isManifestType(mediaType) || isIndexType(mediaType)) && !isAttestation;
}
