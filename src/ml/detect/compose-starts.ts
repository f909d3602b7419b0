import { InvalidArgumentError } from '#lib/errors.ts';
import { baseOf, folderOf, joinPath } from '../files.ts';
import { isYamlMap, parseYaml, type Yaml, yamlAt, yamlLine } from '../yaml.ts';
import { commandOfWords, startCommand } from './start-command.ts';
import type { StartHint } from './start-hint.ts';

/** A part of a compose file that is built from a folder of the project. */
export interface ComposeService {
  name: string;
  /** Folder it is built from, relative to the tree. */
  folder: string;
  line: number;
  command: readonly string[] | string | undefined;
  /** Port inside of the container that it publishes. */
  port: number | undefined;
}

/** Services of a compose file that are built from folders; none of a file that cannot be read. */
export function composeServices(text: string, file: string): ComposeService[] {
  const services = yamlAt(read(text), 'services');
  if (!isYamlMap(services)) return [];
  return Object.entries(services).flatMap(([name, service]) => {
    const build = yamlAt(service, 'build');
    const context = typeof build === 'string' ? build : yamlAt(build ?? null, 'context');
    if (build === undefined) return [];
    const folder = joinPath(folderOf(file), typeof context === 'string' ? context : '.');
    if (folder === undefined) return [];
    const command = yamlAt(service, 'command');
    return [{ name, folder, line: yamlLine(services, name), command: wordsOf(command), port: portOf(yamlAt(service, 'ports')) }];
  });
} // prettier-ignore

function read(text: string): Yaml {
  try {
    return parseYaml(text);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return null;
    throw error;
  }
}

function wordsOf(value: Yaml | undefined): readonly string[] | string | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : undefined;
}

/** The inner port of the first that is published: `8000:80`, `127.0.0.1:8000:80/tcp`, `{target: 80}`. */
function portOf(ports: Yaml | undefined): number | undefined {
  const first = Array.isArray(ports) ? ports[0] : undefined;
  const target = isYamlMap(first) ? first['target'] : first;
  return typeof target === 'string' ? Number(/(\d{2,5})(?:\/\w+)?$/.exec(target)?.[1]) || undefined : undefined;
}

/** What a compose file says of how its services start. */
export function composeStarts(text: string, file: string): StartHint[] {
  return composeServices(text, file).flatMap((service) => {
    const { command: given, folder, line, port } = service;
    const command = typeof given === 'string' ? startCommand(given) : given === undefined ? undefined : commandOfWords(given);
    if (command === undefined && port === undefined) return [];
    return [{ source: baseOf(file), file, line, weight: 650, folder, command, port: command?.port ?? port, kind: undefined }];
  });
} // prettier-ignore
