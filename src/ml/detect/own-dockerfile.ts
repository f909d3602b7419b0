import { InvalidArgumentError } from '#lib/errors.ts';
import { expand } from '#dockerfile/expand.ts';
import { type Node, parseDockerfile } from '#dockerfile/parse.ts';

/** One `FROM` of a Dockerfile. */
export interface DockerfileStage {
  image: string;
  name: string | undefined;
  line: number;
}

/** The instructions; none of a file that cannot be read, for its build will say why. */
function nodesOf(text: string): readonly Node[] {
  try {
    return parseDockerfile(text).nodes;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return [];
    throw error;
  }
}

/** The stages, with the defaults of the ARGs before the first FROM put in. */
export function stages(text: string): DockerfileStage[] {
  const defaults = new Map<string, string>();
  const found: DockerfileStage[] = [];
  for (const { instruction, args, line } of nodesOf(text)) {
    if (instruction === 'ARG' && found.length === 0) for (const arg of args) learn(arg, defaults);
    if (instruction !== 'FROM') continue;
    const [image = '', as, name] = args;
    found.push({
      image: expanded(image, defaults),
      name: as?.toLowerCase() === 'as' ? name?.toLowerCase() : undefined,
      line,
    });
  }
  return found;
}

function learn(arg: string, defaults: Map<string, string>): void {
  const equals = arg.indexOf('=');
  if (equals > 0) defaults.set(arg.slice(0, equals), expanded(arg.slice(equals + 1), defaults));
}

function expanded(text: string, values: ReadonlyMap<string, string>): string {
  try {
    return expand(text, values).word;
  } catch (error) {
    if (error instanceof Error) return text;
    throw error;
  }
}

/** Images from outside that a Dockerfile starts from or copies from, each once. */
export function baseImages(text: string): string[] {
  const all = stages(text);
  const names = new Set(all.flatMap(({ name }) => (name === undefined ? [] : [name])));
  const copied = nodesOf(text)
    .flatMap(({ flags }) => flags.flatMap((flag) => /^--from=(.+)$/.exec(flag)?.[1] ?? []))
    .filter((image) => !/^\d+$/.test(image) && !image.includes('$'));
  const images = [...all.map(({ image }) => image), ...copied];
  return [...new Set(images)].filter((image) => image !== '' && image !== 'scratch' && !names.has(image.toLowerCase()));
}

/** Sources that the Dockerfile copies from the project by their exact names. */
export function copiedFiles(text: string): string[] {
  return nodesOf(text)
    .filter(({ instruction }) => instruction === 'COPY' || instruction === 'ADD')
    .filter(({ flags }) => !flags.some((flag) => flag.startsWith('--from=')))
    .flatMap(({ args }) => args.slice(0, -1))
    .filter((source) => !/[*?[$]|<</.test(source))
    .map((source) => source.replace(/^\.?\//, ''));
}

/** Port that a start command in a Dockerfile's CMD or ENTRYPOINT names. */
export function commandPort(text: string): number | undefined {
  const started = nodesOf(text).filter(({ instruction }) => instruction === 'CMD' || instruction === 'ENTRYPOINT');
  const command = started.map(({ args }) => args.join(' ')).join(' ');
  const match = /(?:--port|--server\.port|-p|--bind|-b)[\s=]+(?:[\w.*:[\]]*:)?(\d{2,5})\b/.exec(command);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
