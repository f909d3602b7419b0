/** A package that is installed. */
export interface InstalledPackage {
  /** Of Python: in the form that indexes use, small letters and hyphens (PEP 503). */
  name: string;
  version: string;
}

/** One line of a RECORD (binary distribution format, PEP 427). */
export interface RecordedFile {
  /** As written: relative to the folder that holds the .dist-info, or absolute. */
  path: string;
  /** Undefined for what was made when it was installed. */
  sha256: string | undefined;
}

/** Reads a RECORD; lines that are none are left out. */
export function parseRecord(text: string): RecordedFile[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [path = '', digest = ''] = fieldsOf(line);
    if (path === '') return [];
    return [{ path, sha256: digest.startsWith('sha256=') ? digest.slice('sha256='.length) : undefined }];
  });
}

/** Comma-separated fields, the first of which may be quoted. */
function fieldsOf(line: string): string[] {
  const quoted = /^"((?:[^"]|"")*)"(?:,(.*))?$/.exec(line);
  if (quoted === null) {
    const fields = line.split(',');
    return [fields.slice(0, Math.max(1, fields.length - 2)).join(','), ...fields.slice(Math.max(1, fields.length - 2))];
  }
  return [(quoted[1] ?? '').replaceAll('""', '"'), ...(quoted[2] ?? '').split(',')];
}

/** Name and version out of METADATA or PKG-INFO. */
export function parseMetadata(text: string): InstalledPackage | undefined {
  const head = text.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const name = /^Name:\s*(\S+)/im.exec(head)?.[1];
  const version = /^Version:\s*(\S+)/im.exec(head)?.[1];
  return name === undefined || version === undefined ? undefined : { name: normalName(name), version };
}

/** Name and version out of the name of a .dist-info or .egg-info. */
export function parseInfoName(folder: string): InstalledPackage | undefined {
  const [, name, version] = /^([^-]+)-([^-]+?)(?:-py[\d.]+)?\.(?:dist|egg)-info$/.exec(folder) ?? [];
  return name === undefined || version === undefined ? undefined : { name: normalName(name), version };
}

export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** Packages out of dpkg's status file, by name with their architecture where they are not this machine's only one. */
export function parseDpkgStatus(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const stanza of text.split(/\n{2,}/)) {
    const name = /^Package:\s*(\S+)/m.exec(stanza)?.[1];
    const version = /^Version:\s*(\S+)/m.exec(stanza)?.[1];
    const isInstalled = /^Status:.*\sinstalled\s*$/m.test(stanza);
    if (name !== undefined && version !== undefined && isInstalled) found.set(name, version);
  }
  return found;
}

/** What conda keeps of a package in `conda-meta`. */
export interface CondaPackage extends InstalledPackage {
  build: string;
  sha256: string | undefined;
  /** Relative to the environment. */
  files: string[];
}

/** @returns undefined for what is no such document */
export function parseCondaMeta(text: string): CondaPackage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { name, version, build, sha256, files } = (value ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || typeof version !== 'string') return undefined;
  return {
    name,
    version,
    build: typeof build === 'string' ? build : '',
    sha256: typeof sha256 === 'string' ? sha256 : undefined,
    files: Array.isArray(files) ? files.filter((file) => typeof file === 'string') : [],
  };
}
