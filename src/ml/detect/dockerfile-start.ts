import { parseDockerfile } from '#dockerfile/parse.ts';
import { InvalidArgumentError } from '#lib/errors.ts';

/** What the last stage of a Dockerfile starts, and the port it names. */
export interface DockerfileStart {
  words: readonly string[];
  isShell: boolean;
  port: number | undefined;
  line: number;
}

/** The start command of a Dockerfile; undefined if it has none or cannot be read, for its build will say why. */
export function dockerfileStart(text: string): DockerfileStart | undefined {
  let entry: { args: readonly string[]; isJson: boolean; line: number } | undefined;
  let command: typeof entry;
  let port: number | undefined;
  for (const node of nodesOf(text)) {
    if (node.instruction === 'FROM') [entry, command] = [undefined, undefined];
    if (node.instruction === 'ENTRYPOINT') entry = node;
    if (node.instruction === 'CMD') command = node;
    if (node.instruction === 'EXPOSE') port ??= Number(/^(\d{2,5})/.exec(node.args[0] ?? '')?.[1]) || undefined;
  }
  const first = entry ?? command;
  if (first === undefined) return port === undefined ? undefined : { words: [], isShell: false, port, line: 1 };
  const words = [...(entry?.args ?? []), ...(entry !== undefined && !entry.isJson ? [] : (command?.args ?? []))];
  return { words, isShell: !first.isJson, port, line: first.line };
}

function nodesOf(text: string): ReturnType<typeof parseDockerfile>['nodes'] {
  try {
    return parseDockerfile(text).nodes;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return [];
    throw error;
  }
}
