import { IN_PYTHON_SLIM, PACKAGE_OF_SONAME } from '../data/sonames.ts';

/** A shared library in a wheel. */
export interface NativeFile {
  wheel: string;
  name: string;
  soname: string | undefined;
  needed: readonly string[];
}

export interface MissingLibrary {
  soname: string;
  /** The first that loads it. */
  by: NativeFile;
  /** Debian package that has it; undefined where the table does not know. */
  debian: string | undefined;
}

/** What the libraries of wheels load that neither they bring nor `python:X-slim` has. */
export function missingLibraries(files: readonly NativeFile[]): MissingLibrary[] {
  const brought = new Set(files.flatMap(({ name, soname }) => [name.slice(name.lastIndexOf('/') + 1), soname ?? '']));
  const found = new Map<string, MissingLibrary>();
  for (const by of files)
    for (const soname of by.needed) {
      if (brought.has(soname) || IN_PYTHON_SLIM.has(soname) || found.has(soname) || soname.startsWith('libpython3')) continue;
      found.set(soname, { soname, by, debian: Object.hasOwn(PACKAGE_OF_SONAME, soname) ? PACKAGE_OF_SONAME[soname] : undefined });
    }
  return [...found.values()];
} // prettier-ignore
