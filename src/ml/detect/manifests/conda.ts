import type { FileTree } from '../../files.ts';
import { isYamlMap, type Yaml, yamlAt, yamlLine } from '../../yaml.ts';
import { addCondaPackage } from './conda-package.ts';
import { type Draft, newDraft } from './contract.ts';
import { parseYamlManifest } from './parse-yaml-manifest.ts';
import { readPipLines } from './requirements-file.ts';

/** Reads environment.yml (conda, "Creating an environment file manually"): packages of conda by their names on the index, and what pip installs; undefined if there is none. */
export async function readConda(tree: FileTree, path: string): Promise<Draft | undefined> {
  const text = await tree.read(path);
  if (text === undefined) return undefined;
  const draft = newDraft('conda', path, 'conda');
  draft.files.push(path);
  const value = parseYamlManifest(draft, text);
  const list = yamlAt(value, 'dependencies');
  if (!Array.isArray(list)) return draft;
  for (const [index, item] of list.entries()) {
    const line = yamlLine(list, index);
    if (typeof item === 'string') addCondaPackage(draft, item, { file: path, line });
    else if (isYamlMap(item)) await readPipLines(tree, draft, pipLines(item['pip']));
  }
  preferPip(draft);
  return draft;
}

function pipLines(value: Yaml | undefined): { text: string; line: number }[] {
  return (Array.isArray(value) ? value : []).flatMap((item, index) =>
    typeof item === 'string' ? [{ text: item, line: yamlLine(value, index) }] : [],
  );
}

/** What pip installs stands above the same package of conda. */
function preferPip(draft: Draft): void {
  const last = new Map(draft.requirements.map((item) => [`${item.name};${item.marker}`, item]));
  draft.requirements = draft.requirements.filter((item) => last.get(`${item.name};${item.marker}`) === item);
}
