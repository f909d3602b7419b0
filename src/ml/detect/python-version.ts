import { baseOf, type FileTree } from '../files.ts';
import { readSpace } from './manifests/space.ts';
import { stages } from './own-dockerfile.ts';

/** A version of Python that a file of the project asks for, such as `3.11` or `3.11.4`. */
export interface PythonRequest {
  version: string;
  file: string;
  line: number;
}

const VERSION = String.raw`(\d+\.\d+(?:\.\d+)?)`;

const SOURCES: readonly { path: string; pattern: RegExp }[] = [
  { path: '.python-version', pattern: new RegExp(String.raw`^[ \t]*(?:cpython[-@]|python-?)?${VERSION}`, 'm') },
  { path: 'runtime.txt', pattern: new RegExp(String.raw`^[ \t]*(?:python)?-?${VERSION}`, 'm') },
  { path: '.tool-versions', pattern: new RegExp(String.raw`^[ \t]*python[ \t]+${VERSION}`, 'm') },
  { path: '.mise.toml', pattern: new RegExp(String.raw`^[ \t]*python[ \t]*=[ \t]*\[?[ \t]*["']${VERSION}`, 'm') },
  { path: 'mise.toml', pattern: new RegExp(String.raw`^[ \t]*python[ \t]*=[ \t]*\[?[ \t]*["']${VERSION}`, 'm') },
];

/** What the files of a folder that name one Python ask for, the most binding first. Manifests say theirs themselves. */
export async function pythonRequests(tree: FileTree, folder = ''): Promise<PythonRequest[]> {
  const requests: PythonRequest[] = [];
  for (const { path, pattern } of SOURCES) {
    const file = folder === '' ? path : `${folder}/${path}`;
    const text = await tree.read(file);
    const match = text === undefined ? null : pattern.exec(text);
    if (text === undefined || match?.[1] === undefined) continue;
    requests.push({ version: match[1], file, line: lineAt(text, match.index + match[0].search(/\S/)) });
  }
  const space = folder === '' ? await readSpace(tree) : undefined;
  const named = /^\d+\.\d+(\.\d+)?/.exec(space?.python?.version ?? '')?.[0];
  if (named !== undefined && space?.python !== undefined)
    requests.push({ version: named, file: space.file, line: space.python.line });
  return requests.filter(({ version }) => version.startsWith('3.') || version.startsWith('2.7'));
}

/** The Python of a Dockerfile's last stage, where it starts from an image named after it. */
export function pythonOfDockerfile(text: string): string | undefined {
  const final = stages(text).at(-1)?.image ?? '';
  const named = /(?:^|\/)python:(\d+\.\d+)/.exec(final)?.[1];
  return named ?? /[:/-]py(?:thon)?[-_]?(3)\.?(\d{1,2})(?!\d)/.exec(baseOf(final))?.slice(1).join('.');
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
