import { type FileTree, folderOf, joinPath } from '../../files.ts';
import { isYamlMap, type Yaml, yamlAt, yamlLine } from '../../yaml.ts';
import { type Draft, newDraft } from './contract.ts';
import { parseYamlManifest } from './parse-yaml-manifest.ts';
import { installedByShell } from './installed-by-shell.ts';
import { readPipLines, readRequirementsFile } from './requirements-file.ts';

/** Reads cog.yaml (Cog, "cog.yaml reference"): packages, requirements file, Debian packages, Python, GPU, predictor; undefined if there is none. */
export async function readCog(tree: FileTree, path: string): Promise<Draft | undefined> {
  const text = await tree.read(path);
  if (text === undefined) return undefined;
  let draft = newDraft('cog', path, 'pip');
  const value = parseYamlManifest(draft, text);
  const build = yamlAt(value, 'build') ?? null;
  const named = yamlAt(build, 'python_requirements');
  const target = typeof named === 'string' ? joinPath(folderOf(path), named) : undefined;
  if (target !== undefined) {
    const read = await readRequirementsFile(tree, target);
    draft = { ...read, kind: 'cog', path, problems: [...draft.problems, ...read.problems] };
  }
  draft.files.push(path);
  const lines = [...linesOf(yamlAt(build, 'python_packages')), ...pipOfRun(yamlAt(build, 'run'))];
  if (lines.length > 0) draft.readByPip = false;
  await readPipLines(tree, draft, lines);
  readBuild(draft, build);
  for (const kind of ['predict', 'train'] as const) {
    const entry = yamlAt(value, kind);
    if (typeof entry === 'string') draft.entry ??= { kind, target: entry, file: path, line: yamlLine(value, kind) };
  }
  return draft;
}

function readBuild(draft: Draft, build: Yaml): void {
  const python = yamlAt(build, 'python_version');
  const line = yamlLine(build, 'python_version');
  if (typeof python === 'string' && /^\d\.\d+/.test(python))
    draft.requiresPython = { specifiers: `==${python.split('.').slice(0, 2).join('.')}.*`, file: draft.path, line };
  if (yamlAt(build, 'gpu') === true) draft.gpu = { what: 'gpu: true', file: draft.path, line: yamlLine(build, 'gpu') };
  for (const item of linesOf(yamlAt(build, 'system_packages')))
    if (/^[a-z\d][a-z\d.+-]+$/.test(item.text)) draft.systemPackages.push({ name: item.text, file: draft.path, line: item.line });
} // prettier-ignore

function linesOf(list: Yaml | undefined): { text: string; line: number }[] {
  return (Array.isArray(list) ? list : []).flatMap((item, index) =>
    typeof item === 'string' ? [{ text: item, line: yamlLine(list, index) }] : [],
  );
}

/** `run: - pip install x`, also as `command: …`. */
function pipOfRun(list: Yaml | undefined): { text: string; line: number }[] {
  return (Array.isArray(list) ? list : []).flatMap((item, index) => {
    const command = isYamlMap(item) ? item['command'] : item;
    if (typeof command !== 'string') return [];
    const line = yamlLine(list, index);
    return installedByShell(command).requirements.map((text) => ({ text, line }));
  });
}
