import { openRoot } from '#lib/files/open-root.ts';
import { textDiff } from '#lib/text-diff.ts';
import { readProject } from '#ml/detect/project.ts';
import { applyEdits } from '#ml/lint/apply-edits.ts';
import { type LintFinding, lintProject } from '#ml/lint/lint-project.ts';
import type { Edit } from '#ml/lint/rule.ts';
import { openProject, type Project } from './project.ts';
import { readOwnFile, replaceOwnFile } from './own-file.ts';

export interface LintFolderOptions {
  /** Codes that are not looked for. */
  skip: readonly string[];
  /** Mends what is safe to mend. */
  fix: boolean;
}

/** A file that was mended, as a patch. */
export interface MendedFile {
  path: string;
  diff: string;
}

export interface LintedFolder {
  /** What is left after mending. */
  findings: readonly LintFinding[];
  mended: readonly MendedFile[];
}

/** Looks at a folder's manifests, code, models, Dockerfile and compose files. Nothing of it is run. @throws {NotFoundError} if there is none */
export async function lintFolder(directory: string, { skip, fix }: LintFolderOptions): Promise<LintedFolder> {
  const { project, findings } = await look(directory, skip);
  const edits = fix ? findings.flatMap(({ edit }) => edit ?? []) : [];
  if (edits.length === 0) return { findings, mended: [] };
  const mended = mend(project, edits);
  return { findings: (await look(directory, skip)).findings, mended };
}

async function look(
  directory: string,
  skip: readonly string[],
): Promise<{ project: Project; findings: LintFinding[] }> {
  const project = await openProject(directory, { index: 'never' });
  const facts = await readProject(project.tree);
  return { project, findings: await lintProject(facts, project.plan, new Set(skip)) };
}

/** A line that two rules mend is mended by the first. */
function mend({ directory, owner }: Project, edits: readonly Edit[]): MendedFile[] {
  using root = openRoot(directory, { links: 'refuse' });
  return [...Map.groupBy(edits, ({ file }) => file)].flatMap(([path, own]) => {
    const before = readOwnFile(root, path)?.toString('utf8');
    const first = new Map(own.toReversed().map((edit) => [edit.line, edit]));
    if (before === undefined) return [];
    const { text, applied } = applyEdits(before, [...first.values()]);
    if (applied === 0) return [];
    replaceOwnFile(root, { path, bytes: Buffer.from(text) }, owner);
    return [{ path, diff: textDiff(before, text, path) }];
  });
}
