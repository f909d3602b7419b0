import type { Root } from '#lib/files/open-root.ts';
import { packageUrl } from '#oci/package-url.ts';
import type { Distribution, FoundPackage } from './found-package.ts';
import { kindAt, readFields, readText } from './read-text.ts';

const STATUS = 'var/lib/dpkg/status';
/** Images without a package manager keep a file for each package. */
const STATUS_FOLDER = 'var/lib/dpkg/status.d';

/** Packages of Debian and what comes from it (dpkg(1), deb-control(5)). */
export function scanDpkg(root: Root, distribution: Distribution): FoundPackage[] {
  const files = [STATUS];
  if (kindAt(root, STATUS_FOLDER) === 'folder')
    for (const name of root.readdir(STATUS_FOLDER))
      if (!name.endsWith('.md5sums')) files.push(`${STATUS_FOLDER}/${name}`);
  return files.flatMap((path) =>
    (readText(root, path) ?? '').split(/\n\s*\n/).flatMap((stanza) => {
      const found = readPackage(stanza, { path, distribution });
      return found === undefined ? [] : [found];
    }),
  );
}

function readPackage(
  stanza: string,
  { path, distribution }: { path: string; distribution: Distribution },
): FoundPackage | undefined {
  const fields = readFields(stanza.trimStart());
  const [name = '', version = ''] = [fields.get('Package'), fields.get('Version')];
  const status = fields.get('Status');
  if (name === '' || version === '' || (status !== undefined && !status.endsWith(' installed'))) return undefined;
  const { id, versionId } = distribution;
  const qualifiers = {
    arch: fields.get('Architecture') ?? '',
    distro: versionId === '' ? '' : `${id}-${versionId}`,
    upstream: (fields.get('Source') ?? '').replace(/ \((.*)\)$/, '@$1'),
  };
  const supplier = fields.get('Maintainer');
  return {
    type: 'deb',
    name,
    version,
    path,
    url: packageUrl({ type: 'deb', namespace: id === '' ? 'debian' : id, name, version, qualifiers }),
    ...(supplier !== undefined && { supplier }),
  };
}
