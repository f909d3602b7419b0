import type { FileTree } from '../../files.ts';

/** What the header of a Space's README says (Hugging Face, "Spaces Configuration Reference"). */
export interface SpaceHeader {
  file: string;
  sdk: string | undefined;
  sdkVersion: { version: string; line: number } | undefined;
  python: { version: string; line: number } | undefined;
  appFile: { path: string; line: number } | undefined;
}

/** Reads the header of README.md; undefined if it is not that of a Space. */
export async function readSpace(tree: FileTree): Promise<SpaceHeader | undefined> {
  const file = 'README.md';
  const text = (await tree.read(file))?.slice(0, 8000);
  const header = text === undefined ? undefined : /^---\r?\n([^]*?)\r?\n---/.exec(text)?.[1];
  if (header === undefined || !/^sdk:/m.test(header)) return undefined;
  const lines = header.split(/\r?\n/);
  const value = (key: string): { text: string; line: number } | undefined => {
    const index = lines.findIndex((line) => line.startsWith(`${key}:`));
    const written = index === -1 ? '' : (lines[index] ?? '').slice(key.length + 1).replace(/\s#.*$/, '').trim(); // prettier-ignore
    const bare = written.replace(/^(["'])(.*)\1$/, '$2');
    return bare === '' ? undefined : { text: bare, line: index + 2 };
  };
  const [sdkVersion, python, appFile] = [value('sdk_version'), value('python_version'), value('app_file')];
  return {
    file,
    sdk: value('sdk')?.text,
    sdkVersion: sdkVersion && /^\d[\w.]*$/.test(sdkVersion.text) ? { version: sdkVersion.text, line: sdkVersion.line } : undefined,
    python: python && /^\d\.\d+/.test(python.text) ? { version: python.text, line: python.line } : undefined,
    appFile: appFile && { path: appFile.text, line: appFile.line },
  }; // prettier-ignore
}
