import { type FileTree, folderOf } from '../../files.ts';
import { isTable, textOf, tomlAt, tomlLine } from '../../toml.ts';
import { plainAddress } from './addresses.ts';
import { type Draft, newDraft, problem } from './contract.ts';
import { readTable } from './poetry.ts';
import { readTomlFile } from './toml-file.ts';

/** Reads a Pipfile (Pipenv, "Pipfile & Pipfile.lock"); undefined if there is none. */
export async function readPipfile(tree: FileTree, path: string): Promise<Draft | undefined> {
  const read = await readTomlFile(tree, path);
  if (read === undefined) return undefined;
  const { table, trouble } = read;
  const draft = newDraft('pipfile', path, 'pipenv');
  draft.files.push(path);
  if (trouble !== undefined)
    draft.problems.push(problem('manifest-unreadable', { file: path, line: trouble.line }, { message: `${path}: ${trouble.message}`, fix: 'mend the file', severity: 'error' })); // prettier-ignore
  const folder = folderOf(path);
  for (const [name, content] of Object.entries(table)) {
    if (!isTable(content) || /^(source|requires|pipenv|scripts)$/.test(name)) continue;
    const role = name === 'packages' ? 'requirement' : { group: name === 'dev-packages' ? 'dev' : name };
    readTable(draft, content, { role, folder });
  }
  const addresses = new Map<string, string>();
  const sources = Array.isArray(table['source']) ? table['source'] : [];
  for (const [index, source] of sources.entries())
    if (isTable(source) && typeof source['url'] === 'string') {
      const address = plainAddress(draft, source['url'], { file: path, line: tomlLine(sources, index) });
      addresses.set(textOf(source['name']), address.url);
      if (index === 0) draft.index.index = address;
      else draft.index.extra.push(address);
    }
  for (const [name, source] of draft.index.sources) draft.index.sources.set(name, addresses.get(source) ?? source);
  const requires = tomlAt(table, 'requires');
  const key = tomlAt(table, 'requires', 'python_full_version') === undefined ? 'python_version' : 'python_full_version';
  const wanted = textOf(tomlAt(table, 'requires', key));
  if (/^\d+(\.\d+)*$/.test(wanted))
    draft.requiresPython = {
      specifiers: `==${wanted.split('.').slice(0, 2).join('.')}.*`,
      file: path,
      line: tomlLine(requires, key),
    };
  return draft;
}
