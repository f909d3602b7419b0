import { type FileTree, folderOf, hasFile, joinPath } from '../../files.ts';
import type { Evidence } from '../../plan/plan.ts';
import { normalName, parseRequirement, repairRequirement, type Requirement } from '../requirements.ts';
import { plainAddress, withoutCredentials } from './addresses.ts';
import { addRequirement } from './add-requirement.ts';
import { isCondaList, readCondaList } from './conda-list.ts';
import { type Draft, type IndexAddress, newDraft, problem } from './contract.ts';
import { localReference, noteLocal } from './local-reference.ts';

const MAX_FILES = 50;
const MAX_LINES = 20_000;
const MAX_LINE_CHARACTERS = 8000;
const MAX_PROBLEMS = 100;

interface Visit {
  path: string;
  /** Named by `-c`: limits, and nothing to install. */
  isConstraints: boolean;
  from: Evidence | undefined;
}

interface Reader {
  tree: FileTree;
  draft: Draft;
  queue: Visit[];
}

/** Reads a requirements file of pip with everything it includes (pip, "Requirements File Format"). */
export async function readRequirementsFile(tree: FileTree, path: string): Promise<Draft> {
  const draft = newDraft('requirements', path, 'pip');
  draft.readByPip = true;
  const reader: Reader = { tree, draft, queue: [{ path, isConstraints: false, from: undefined }] };
  await visitQueued(reader);
  if (draft.problems.length > MAX_PROBLEMS) draft.problems.length = MAX_PROBLEMS;
  return draft;
}

/** Lines of pip that stand in another manifest: the `pip:` part of environment.yml, the requirements of cog.yaml. */
export async function readPipLines(
  tree: FileTree,
  draft: Draft,
  lines: readonly { text: string; line: number }[],
): Promise<void> {
  const reader: Reader = { tree, draft, queue: [] };
  for (const { text, line } of lines)
    readLine(reader, { content: uncommented(text).trim(), line, file: draft.path, isConstraints: false });
  await visitQueued(reader);
}

/** As pip does, what is included comes where it is included. */
async function visitQueued(reader: Reader): Promise<void> {
  for (let next = reader.queue.shift(); next !== undefined; next = reader.queue.shift()) await visit(reader, next);
}

async function visit(reader: Reader, { path, isConstraints, from }: Visit): Promise<void> {
  const { tree, draft } = reader;
  if (draft.files.includes(path)) return;
  if (draft.files.length >= MAX_FILES) {
    draft.problems.push(problem('too-many-includes', from ?? { file: path, line: 1 }, { message: `more than ${MAX_FILES} files include each other; ${path} was not read` })); // prettier-ignore
    return;
  }
  const text = await tree.read(path);
  if (text === undefined) {
    missing(reader, path, from);
    return;
  }
  draft.files.push(path);
  if (isBinary(text)) {
    draft.readByPip = false;
    draft.problems.push(problem('not-text', { file: path, line: 1 }, { message: `${path} is not text, and nothing is taken from it`, fix: 'write it anew as UTF-8', severity: 'error' })); // prettier-ignore
    return;
  }
  if (isCondaList(text)) {
    readCondaList(draft, path, text);
    return;
  }
  const before = draft.problems.length;
  const own: Reader = { tree, draft, queue: [] };
  for (const logical of logicalLines(text)) {
    readLine(own, { ...logical, file: path, isConstraints });
    if (own.queue.length > 0) await visitQueued(own);
  }
  shorten(draft, before);
}

const MAX_ALIKE = 3;

/** A file in another form has the same trap on every line: two of them say it. */
function shorten(draft: Draft, from: number): void {
  const own = draft.problems.splice(from);
  for (const alike of Map.groupBy(own, (finding) => finding.code).values()) {
    const shown = alike.slice(0, alike.length > MAX_ALIKE ? 2 : MAX_ALIKE);
    draft.problems.push(...shown);
    const next = alike[shown.length];
    if (next !== undefined) draft.problems.push({ ...next, message: `${alike.length - shown.length} more lines like these: ${next.message}`, fix: null }); // prettier-ignore
  }
}

function missing({ tree, draft }: Reader, path: string, from: Evidence | undefined): void {
  const evidence = from ?? { file: path, line: 1 };
  draft.readByPip = false;
  const isThere = hasFile(tree, path);
  draft.problems.push(
    isThere
      ? problem('file-too-large', { file: path, line: 1 }, { message: `${path} is larger than any list of requirements, and was not read`, fix: 'name what the project needs, one package a line', severity: 'error' })
      : problem('include-missing', evidence, { message: `${evidence.file}:${evidence.line} includes ${path}, which is not there`, fix: `take the line out, or add ${path}`, severity: 'error' }),
  ); // prettier-ignore
}

/** Bytes that no text has: NUL, and many of the other control characters or of what could not be decoded. */
function isBinary(text: string): boolean {
  const start = text.slice(0, 4000);
  const strange = Array.from(start).filter((char) => char === '\ufffd' || (char < ' ' && !/\s/.test(char)));
  return start.includes('\0') || strange.length > start.length / 20;
}

const uncommented = (text: string): string => text.replace(/(^|\s)#.*$/, '');

/** Lines with continuations joined and comments taken off. */
function logicalLines(text: string): { content: string; line: number }[] {
  const lines: { content: string; line: number }[] = [];
  let pending: { content: string; line: number } | undefined;
  for (const [index, raw] of text.split(/\r\n|\r|\n/, MAX_LINES).entries()) {
    const content = uncommented(raw.slice(0, MAX_LINE_CHARACTERS + 1)).trimEnd();
    const goesOn = content.endsWith('\\') && raw.length <= MAX_LINE_CHARACTERS;
    pending = { content: (pending?.content ?? '') + content.replace(/\\$/, ' '), line: pending?.line ?? index + 1 };
    if (goesOn && pending.content.length < MAX_LINE_CHARACTERS * 10) continue;
    if (pending.content.trim() !== '') lines.push({ content: pending.content.trim(), line: pending.line });
    pending = undefined;
  }
  if (pending !== undefined && pending.content.trim() !== '')
    lines.push({ content: pending.content.trim(), line: pending.line });
  return lines;
}

interface Logical extends Evidence {
  content: string;
  isConstraints: boolean;
}

function readLine(reader: Reader, logical: Logical): void {
  const { draft } = reader;
  const { content, file, line } = logical;
  if (content === '' || content.startsWith('@EXPLICIT')) return;
  const bare = content.replace(/\s--[a-z][\w-]*[= ].*$/, '');
  if (bare.length > MAX_LINE_CHARACTERS) {
    draft.readByPip = false;
    draft.problems.push(problem('line-too-long', { file, line }, { message: 'the line is too long to be a requirement, and was left out' })); // prettier-ignore
    return;
  }
  if (content.startsWith('-') && !/^-\s/.test(content)) readOption(reader, logical);
  else readEntry(reader, { ...logical, editable: false });
}

function readOption(reader: Reader, logical: Logical): void {
  const { draft, queue } = reader;
  const { content, file, line, isConstraints } = logical;
  const match = /^(--?[\w-]+)(?:\s*=\s*|\s+|(?<=^-[a-z]))(.*)$/i.exec(content) ?? [content, content, ''];
  const value = (match[2] ?? '').trim().replace(/^(["'])(.*)\1$/, '$2');
  const include = INCLUDES[match[1] ?? ''];
  if (include !== undefined) {
    const target = /:\/\//.test(value) ? undefined : joinPath(folderOf(file), value.replaceAll('\\', '/'));
    if (target !== undefined)
      queue.push({ path: target, isConstraints: isConstraints || include === 'constraints', from: { file, line } }); // prettier-ignore
    else cannotInclude(draft, value, { file, line });
    return;
  }
  if (/^(-e|--editable)$/.test(match[1] ?? '')) readEntry(reader, { ...logical, content: value, editable: true });
  else noteOption(draft, { name: match[1] ?? '', value, file, line });
}

const INCLUDES: Readonly<Record<string, 'requirements' | 'constraints'>> = {
  '-r': 'requirements', '--requirement': 'requirements', '--requirements': 'requirements', '-c': 'constraints', '--constraint': 'constraints', '--constraints': 'constraints',
}; // prettier-ignore

function cannotInclude(draft: Draft, value: string, evidence: Evidence): void {
  draft.readByPip = draft.readByPip && /:\/\//.test(value);
  const { address } = withoutCredentials(value);
  draft.problems.push(
    /:\/\//.test(value)
      ? problem('include-remote', evidence, { message: `${address} is fetched when it is installed, and was not read`, fix: 'put a copy of it into the project' })
      : problem('include-outside', evidence, { message: `${value} is outside the project`, fix: 'move it into the project', severity: 'error' }),
  ); // prettier-ignore
}

/** Options that apply to the whole installation. */
function noteOption(draft: Draft, { name, value, file, line }: { name: string; value: string } & Evidence): void {
  const { index } = draft;
  switch (name) {
    case '-i':
    case '--index-url':
    case '--pypi-url':
      index.index = addressOf(draft, value, { file, line });
      break;
    case '--extra-index-url':
      index.extra.push(...value.split(/\s+/).map((url) => addressOf(draft, url, { file, line })));
      break;
    case '-f':
    case '--find-links':
      index.findLinks.push(addressOf(draft, value, { file, line }));
      break;
    case '--no-index':
      index.noIndex = true;
      break;
    case '--pre':
      index.preReleases = true;
      break;
    case '--no-binary':
      index.noBinary.push(...namesIn(value));
      break;
    case '--only-binary':
      index.onlyBinary.push(...namesIn(value));
      break;
    default:
      unknownOption(draft, { name, value, file, line });
  }
}

function unknownOption(draft: Draft, { name, value, file, line }: { name: string; value: string } & Evidence): void {
  if (name === '--trusted-host') {
    draft.index.trustedHosts.push(value);
    draft.problems.push(problem('trusted-host', { file, line }, { message: `packages of ${value} are taken without looking at who sends them`, fix: 'give the index a certificate and take the line out' })); // prettier-ignore
  }
  if (/^--(trusted-host|require-hashes|prefer-binary|use-feature|use-pep517|no-build-isolation)$/.test(name)) return;
  draft.readByPip = false;
  draft.problems.push(problem('unknown-option', { file, line }, { message: `${name} is no option of a requirements file, and was left out`, fix: 'take the line out' })); // prettier-ignore
}

const namesIn = (value: string): string[] => value.split(/[\s,]+/).filter((name) => name !== '').map((name) => (name.startsWith(':') ? name : normalName(name))); // prettier-ignore

function addressOf(draft: Draft, value: string, evidence: Evidence): IndexAddress {
  const address = plainAddress(draft, value, evidence);
  if (/^http:\/\/(?!localhost|127\.)/.test(address.url))
    draft.problems.push(problem('insecure-index', evidence, { message: `${address.url} is asked without encryption: anybody on the way can change what is installed`, fix: 'use https' })); // prettier-ignore
  return address;
}

/** A requirement, a link, or a folder or file of the project. */
function readEntry(reader: Reader, entry: Logical & { editable: boolean }): void {
  const { tree, draft } = reader;
  const { content, file, line, editable, isConstraints } = entry;
  const local = localReference(content, folderOf(file), editable);
  if (local !== undefined) {
    noteLocal(tree, draft, { ...local, editable, file, line });
    return;
  }
  const { text, hashed } = withoutOptions(draft, entry);
  const parsed = parseRequirement(text);
  const repaired = parsed === undefined ? repairRequirement(text) : undefined;
  const bare = parsed ?? repaired?.requirement;
  if (bare === undefined) {
    draft.readByPip = false;
    if (!isHeading(content))
      draft.problems.push(problem('invalid-requirement', { file, line }, { message: `not a requirement, and left out: ${content.slice(0, 80)}`, fix: 'write it as name==version' })); // prettier-ignore
    return;
  }
  if (repaired !== undefined) {
    draft.readByPip = false;
    draft.problems.push(problem('malformed-requirement', { file, line }, { message: `pip refuses “${content.slice(0, 60)}”: ${repaired.what}`, fix: `write ${bare.name}${bare.specifiers}` })); // prettier-ignore
  }
  const requirement: Requirement = { ...bare, file, line, ...(editable && { editable }), ...(hashed && { hashed }) };
  addRequirement(draft, requirement, isConstraints ? 'constraint' : 'requirement');
}

/** Options that stand behind a requirement: digests belong there, those for indexes do not, and pip refuses all others. */
function withoutOptions(draft: Draft, { content, file, line }: Logical): { text: string; hashed: boolean } {
  const at = content.search(/\s-{1,2}[a-z]/);
  if (at === -1) return { text: content, hashed: false };
  const bare = content.slice(0, at);
  const options = content.slice(at);
  if (/^(\s+--(hash|config-settings|config-setting|global-option|install-option)[= ]+("[^"]*"|'[^']*'|\S+))+\s*$/.test(options)) return { text: bare, hashed: options.includes('--hash') }; // prettier-ignore
  draft.readByPip = false;
  draft.problems.push(problem('malformed-requirement', { file, line }, { message: `pip refuses “${content.slice(0, 60)}”: options stand on lines of their own`, fix: `write ${bare.trim()}, and options for indexes on lines of their own` })); // prettier-ignore
  for (const [, name = '', value = ''] of options.matchAll(
    /\s(-f|--find-links|-i|--index-url|--extra-index-url)[= ]+(\S+)/g,
  ))
    noteOption(draft, { name, value, file, line });
  return { text: bare, hashed: false };
}

/** The first lines of `pip list` and `conda list`. */
function isHeading(content: string): boolean {
  return /^(package\s+version|-[-\s]+$|=+$|# )/i.test(content);
}
