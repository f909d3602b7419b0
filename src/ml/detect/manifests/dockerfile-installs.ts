import { parseDockerfile } from '#dockerfile/parse.ts';
import { BerthError } from '#lib/errors.ts';
import type { FileTree } from '../../files.ts';
import { installedByShell } from './installed-by-shell.ts';

/** What the RUN lines of an own Dockerfile install with pip. */
export interface DockerfileInstalls {
  path: string;
  requirements: readonly { text: string; line: number }[];
  /** Requirements files, as they are written there. */
  files: readonly string[];
}

/** Reads the Dockerfile of a folder; nothing of one that cannot be read, for its build will say why. */
export async function dockerfileInstalls(tree: FileTree, folder: string): Promise<DockerfileInstalls> {
  const path = folder === '' ? 'Dockerfile' : `${folder}/Dockerfile`;
  const text = await tree.read(path);
  const found = { path, requirements: [] as { text: string; line: number }[], files: [] as string[] };
  for (const { instruction, original, heredocs, line } of nodesOf(text ?? '')) {
    if (instruction !== 'RUN') continue;
    const shell = [original.replace(/^\s*RUN\s+(--\S+\s+)*/i, ''), ...heredocs.map(({ content }) => content)].join(
      '\n',
    );
    const { requirements, files } = installedByShell(shell);
    found.requirements.push(...requirements.map((item) => ({ text: item, line })));
    found.files.push(...files);
  }
  return found;
}

function nodesOf(text: string): ReturnType<typeof parseDockerfile>['nodes'] {
  try {
    return parseDockerfile(text).nodes;
  } catch (error) {
    if (error instanceof BerthError) return [];
    throw error;
  }
}
