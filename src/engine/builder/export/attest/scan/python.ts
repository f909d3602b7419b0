import type { Root } from '#lib/files/open-root.ts';
import { packageUrl } from '#oci/package-url.ts';
import type { FoundPackage } from './found-package.ts';
import { readFields, readText } from './read-text.ts';

const LIMIT_BYTES = 1024 * 1024;
const LICENSE_LENGTH = 200;

/** Whether a name in a folder of Python packages tells of one. */
export function isPythonPackage(name: string): boolean {
  return name.endsWith('.dist-info') || name.endsWith('.egg-info');
}

/** A distribution (PyPA, recording installed projects and core metadata; setuptools' eggs). */
export function readPythonPackage(root: Root, entry: string): FoundPackage | undefined {
  const files = entry.endsWith('.dist-info') ? [`${entry}/METADATA`] : [`${entry}/PKG-INFO`, entry];
  for (const path of files) {
    const text = readText(root, path, LIMIT_BYTES);
    if (text === undefined) continue;
    const fields = readFields(text);
    const [name = '', version = ''] = [fields.get('Name'), fields.get('Version')];
    if (name === '') return undefined;
    const license = (fields.get('License-Expression') ?? fields.get('License') ?? '').slice(0, LICENSE_LENGTH);
    const normal = name.toLowerCase().replace(/[-_.]+/g, '-');
    return {
      type: 'pypi',
      name,
      version,
      path,
      url: packageUrl({ type: 'pypi', name: normal, version }),
      ...(license !== '' && { license }),
    };
  }
  return undefined;
}
