import type { FileTree } from '../files.ts';
import { stages } from './own-dockerfile.ts';

/** A version of Python that a file of the project asks for, such as `3.11` or `3.11.4`. */
export interface PythonRequest {
  version: string;
  file: string;
  line: number;
}

const SOURCES: readonly { path: string; pattern: RegExp }[] = [
  { path: '.python-version', pattern: /^\s*(?:cpython[-@]|python-?)?(\d+\.\d+(?:\.\d+)?)/m },
  { path: 'runtime.txt', pattern: /^\s*python-?(\d+\.\d+(?:\.\d+)?)/m },
  { path: '.tool-versions', pattern: /^\s*python\s+(\d+\.\d+(?:\.\d+)?)/m },
  { path: 'environment.yml', pattern: /^\s*-\s*python\s*=+\s*(\d+\.\d+(?:\.\d+)?)/m },
  { path: 'environment.yaml', pattern: /^\s*-\s*python\s*=+\s*(\d+\.\d+(?:\.\d+)?)/m },
  { path: 'cog.yaml', pattern: /^\s*python_version:\s*["']?(\d+\.\d+(?:\.\d+)?)/m },
];

/** What the project's files ask for, the most binding first. */
export async function pythonRequests(tree: FileTree): Promise<PythonRequest[]> {
  const requests: PythonRequest[] = [];
  for (const { path, pattern } of SOURCES) {
    const text = await tree.read(path);
    const match = text === undefined ? null : pattern.exec(text);
    if (text === undefined || match?.[1] === undefined) continue;
    requests.push({ version: match[1], file: path, line: lineAt(text, match.index + match[0].search(/\S/)) });
  }
  return requests;
}

/** The Python of a Dockerfile's last stage, where it starts from an image named after it. */
export function pythonOfDockerfile(text: string): string | undefined {
  const final = stages(text).at(-1);
  return /(?:^|\/)python:(\d+\.\d+)/.exec(final?.image ?? '')?.[1];
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
