import { baseOf, type FileTree, hasFile, joinPath } from '../../files.ts';
import type { Evidence } from '../../plan/plan.ts';
import { normalName } from '../requirements.ts';
import { addRequirement } from './add-requirement.ts';
import { type Draft, problem } from './contract.ts';

/** A folder or file that a line of pip names instead of a package. */
export interface LocalReference {
  /** As it is written, without extras. */
  written: string;
  /** Relative to the top of the tree; undefined if it lies outside. */
  path: string | undefined;
  extras: readonly string[];
  /** Name that is given to it: `name @ file:///…`. */
  name: string | undefined;
}

/** Reads `.`, `./lib[extra]`, `../x.whl`, `file:…`, `C:\x` and `name @ file:///…`; undefined for what comes from an index or a link. What is `editable` and no link is a folder. */
export function localReference(content: string, folder: string, editable = false): LocalReference | undefined {
  const [text = ''] = content.split(/\s+;|\s+--/, 1);
  const named = /^([A-Za-z\d][\w.-]*)\s*(?:\[[^\]]*\])?\s*@\s*(file:.*|\.{0,2}\/.*)$/.exec(text.trim());
  const target = named?.[2] ?? text.trim();
  const isLocal =
    named !== null ||
    (editable && !target.includes('://')) ||
    /^(file:|\.{1,2}($|[/\\[])|\/|~\/|[A-Za-z]:\\)/.test(target) ||
    /^[\w./-]+\.(whl|tar\.gz|zip)$/.test(target) ||
    /^[\w.-]+\/[\w./-]*(\[[^\]]*\])?$/.test(target);
  if (!isLocal) return undefined;
  const extras = /\[([^\]]*)\]$/.exec(target)?.[1] ?? '';
  const written = target.replace(/\[[^\]]*\]$/, '');
  const plain = written.replace(/^file:(\/\/(localhost)?)?/, '').replaceAll('\\', '/').replace(/[#?].*$/, ''); // prettier-ignore
  return {
    written,
    path: /^(~|[A-Za-z]:)/.test(plain) ? undefined : joinPath(folder, plain.replace(/^\$\{?(PWD|PROJECT_ROOT)\}?\//, '')),
    extras: extras.split(',').map((extra) => extra.trim()).filter((extra) => extra !== ''),
    name: named?.[1] === undefined ? undefined : normalName(named[1]),
  }; // prettier-ignore
}

/** Adds what it means: a project to install, a wheel of the folder, or a trap. */
export function noteLocal(tree: FileTree, draft: Draft, reference: LocalReference & { editable: boolean } & Evidence): void {
  const { path, extras, editable, file, line, written, name } = reference;
  const isFile = path !== undefined && hasFile(tree, path);
  const isFolder = path === '' || (path !== undefined && tree.files.some((item) => item.path.startsWith(`${path}/`)));
  if (isFile && /\.(whl|zip|tar\.gz)$/.test(path)) {
    draft.files.push(path);
    draft.projects.push({ path, extras, editable: false, isRead: false, file, line });
  } else if (isFolder) {
    draft.projects.push({ path, extras, editable, isRead: false, file, line });
  } else elsewhere(draft, { written, name, path }, { file, line });
} // prettier-ignore

/** conda and pip write down where they found a package on that one machine. */
function elsewhere(
  draft: Draft,
  { written, name, path }: Pick<LocalReference, 'written' | 'name' | 'path'>,
  evidence: Evidence,
): void {
  draft.readByPip = false;
  const archive = /^([A-Za-z\d][\w.]*(?:-[A-Za-z][\w.]*)*)-(\d[\w.!+]*?)(?:-(?:py|cp)[\w.-]*)?\.(?:whl|tar\.gz|zip)$/.exec(baseOf(written.replaceAll('\\', '/').replace(/[#?].*$/, ''))); // prettier-ignore
  const known = name ?? (archive?.[1] === undefined ? undefined : normalName(archive[1]));
  if (known === undefined) {
    const outside = path === undefined || /^(\/|~|file:|[A-Za-z]:)/.test(written);
    draft.problems.push(problem('local-path-missing', evidence, { message: `${written} ${outside ? 'is a folder of another machine' : 'is not there'}, and was left out`, fix: 'name the package and its version', severity: 'error' })); // prettier-ignore
    return;
  }
  const version = archive?.[2] === undefined ? '' : `==${archive[2]}`;
  draft.problems.push(problem('machine-path', evidence, { message: `${known} is taken from ${written.slice(0, 60)}, a folder of the machine where this was written; the package index is asked for it instead`, fix: `write ${known}${version === '' ? '==VERSION' : version}` })); // prettier-ignore
  addRequirement(draft, { name: known, extras: [], specifiers: version, marker: '', url: undefined, ...evidence }, 'requirement'); // prettier-ignore
}
