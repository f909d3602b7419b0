import { baseOf, type FileTree, folderOf, joinPath } from '../files.ts';

/** One requirement of a project (PEP 508), or a line for pip that is none. */
export interface Requirement {
  /** Distribution in its normal form (PEP 503): lower case, `-` between words. */
  name: string;
  extras: readonly string[];
  /** Version specifiers as written, such as `==1.5.2`; empty when any will do. */
  specifiers: string;
  marker: string;
  /** Where it comes from instead of the index. */
  url: string | undefined;
  file: string;
  line: number;
}

export interface RequirementsFile {
  path: string;
  requirements: readonly Requirement[];
  /** Files that it names with -r or -c, itself first; all must be there when pip runs. */
  files: readonly string[];
  /** True if it names folders of the project (`-e .`, `./lib`), which must then be copied before. */
  needsProject: boolean;
  problems: readonly { message: string; file: string; line: number }[];
}

const MAX_FILES = 50;
const MAX_LINE_CHARACTERS = 8000;

export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** Reads a requirements file of pip with everything it includes. */
export async function readRequirements(tree: FileTree, path: string): Promise<RequirementsFile> {
  const result = {
    path,
    requirements: [] as Requirement[],
    files: [] as string[],
    needsProject: false,
    problems: [] as RequirementsFile['problems'][number][],
  };
  const queue = [path];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (result.files.includes(next) || result.files.length >= MAX_FILES) continue;
    result.files.push(next);
    const text = await tree.read(next);
    if (text === undefined) continue;
    for (const { content, line } of logicalLines(text)) readLine({ content, line, file: next }, result, queue);
  }
  return result;
}

/** Lines with continuations joined and comments taken off. */
function logicalLines(text: string): { content: string; line: number }[] {
  const lines: { content: string; line: number }[] = [];
  let pending: { content: string; line: number } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.replace(/(^|\s)#.*$/, '');
    pending = { content: (pending?.content ?? '') + content.replace(/\\$/, ' '), line: pending?.line ?? index + 1 };
    if (content.endsWith('\\')) continue;
    if (pending.content.trim() !== '') lines.push({ content: pending.content.trim(), line: pending.line });
    pending = undefined;
  }
  return lines;
}

type Mutable = { -readonly [Key in keyof RequirementsFile]: RequirementsFile[Key] } & {
  requirements: Requirement[];
  problems: { message: string; file: string; line: number }[];
};

function readLine(
  { content, line, file }: { content: string; line: number; file: string },
  result: Mutable,
  queue: string[],
): void {
  if (content.length > MAX_LINE_CHARACTERS) {
    result.problems.push({ message: 'the line is too long', file, line });
    return;
  }
  const include = /^(?:-r|-c|--requirement|--constraint)(?:\s+|=)?(\S+)/.exec(content);
  if (include !== null) {
    const target = joinPath(folderOf(file), include[1] ?? '');
    if (target === undefined) result.problems.push({ message: `${include[1]} is outside the project`, file, line });
    else queue.push(target);
    return;
  }
  const editable = /^(?:-e|--editable)(?:\s+|=)?(\S+)/.exec(content)?.[1];
  if (
    (editable !== undefined && !/^\w+(\+\w+)?:\/\//.test(editable)) ||
    /^\.{0,2}\//.test(content) ||
    content === '.'
  ) {
    result.needsProject = true;
    return;
  }
  if (content.startsWith('-')) return;
  const requirement = parseRequirement(content);
  if (requirement === undefined)
    result.problems.push({ message: `not a requirement: ${content.slice(0, 80)}`, file, line });
  else result.requirements.push({ ...requirement, file, line });
}

/** Parses `name[extra]>=1; marker`, `name @ url` and bare links (PEP 508); undefined if it is none. */
export function parseRequirement(text: string): Omit<Requirement, 'file' | 'line'> | undefined {
  const content = text.replace(/\s--(?:hash|config-settings|global-option)[= ].*$/, '').trim();
  if (/^[\w.+-]+:\/\//.test(content)) {
    const name = /[#&]egg=([\w.-]+)/.exec(content)?.[1] ?? /^([A-Za-z][\w.]*?)-\d/.exec(baseOf(content))?.[1];
    return { name: normalName(name ?? ''), extras: [], specifiers: '', marker: '', url: content };
  }
  const [body = '', marker = ''] = content.split(/\s*;\s*/, 2);
  const match = /^([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*(?:@\s*(\S+)|\(?([^()]*)\)?)$/.exec(body);
  if (match === null) return undefined;
  const [, name = '', extras = '', url, specifiers = ''] = match;
  if (specifiers.trim() !== '' && !/^\s*(===|[=!~<>]=|[<>])/.test(specifiers)) return undefined;
  return {
    name: normalName(name),
    extras: extras.split(',').map((extra) => extra.trim()).filter((extra) => extra !== ''), // prettier-ignore
    specifiers: specifiers.replace(/\s+/g, ''),
    marker,
    url,
  };
}
