import type { Root } from '#lib/files/open-root.ts';
import { packageUrl } from '#oci/package-url.ts';
import type { Distribution, FoundPackage } from './found-package.ts';
import { readFields, readText } from './read-text.ts';

const DATABASES = ['lib/apk/db/installed', 'usr/lib/apk/db/installed'];

/** Packages of Alpine and what comes from it (apk-tools, installed database). */
export function scanApk(root: Root, { id, versionId }: Distribution): FoundPackage[] {
  for (const path of DATABASES) {
    const text = readText(root, path);
    if (text === undefined) continue;
    return text.split(/\n\n+/).flatMap((stanza): FoundPackage[] => {
      const fields = readFields(stanza);
      const [name = '', version = '', license] = [fields.get('P'), fields.get('V'), fields.get('L')];
      if (name === '' || version === '') return [];
      const distro = versionId === '' ? '' : `${id}-${versionId}`;
      const qualifiers = { arch: fields.get('A') ?? '', distro, upstream: fields.get('o') ?? '' };
      const url = packageUrl({ type: 'apk', namespace: id === '' ? 'alpine' : id, name, version, qualifiers });
      return [{ type: 'apk', name, version, path, url, ...(license !== undefined && license !== '' && { license }) }];
    });
  }
  return [];
}
