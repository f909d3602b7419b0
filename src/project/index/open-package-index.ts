import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '#lib/files/write-atomic.ts';
import { sha256 } from '#lib/sha256.ts';
import { parseRequirement } from '#ml/detect/requirements.ts';
import type { PackageIndex, Resolution, ResolvedPackage, ResolveQuestion } from '#ml/plan/package-index.ts';
import { type IndexConfiguration, indexConfiguration } from '../secrets/pip-configuration.ts';
import { askUv, type UvAnswer, type UvTools } from './ask-uv.ts';
import { indexCacheFolder } from './cache-folder.ts';
import { findUv } from './find-uv.ts';
import type { AnsweredLine } from './uv-answers.ts';
import { measureWheels } from './wheel-sizes.ts';

export interface IndexOptions {
  signal?: AbortSignal | undefined;
  /** Day of the answers that are kept; today's if undefined. */
  day?: string | undefined;
}

/** Raised when what is kept changes its form. */
const FORMAT = 3;
const KEPT_MS = 14 * 24 * 3_600_000;
/** So long nobody asks a silent index again. */
const SILENT_MS = 10 * 60_000;
/** Attempts to find which requirement has to give way. */
const MAX_RELAXED = 4;

/** Package indexes as the user's own pip and uv are set up, asked through uv. Answers are kept for a day, without addresses or credentials. */
export function openPackageIndex({ signal, day = new Date().toISOString().slice(0, 10) }: IndexOptions = {}): PackageIndex {
  let tools: Promise<UvTools | { why: string }> | undefined;
  return {
    async resolve(question) {
      const configuration = await indexConfiguration();
      const path = join(indexCacheFolder(), 'answers', `${keyOf(question, configuration, day)}.json`);
      const known = await readAnswer(path);
      if (known !== undefined) return known;
      tools ??= openTools(signal);
      const opened = await tools;
      if ('why' in opened) return { kind: 'unreachable', why: opened.why };
      const asked = { ...opened, environment: withIndexes(opened.environment, question, configuration) };
      const resolution = await resolutionOf(asked, question, signal).catch((error: unknown) => notAsked(error, signal));
      if (resolution.kind !== 'unreachable' || resolution.host !== undefined) await keepAnswer(path, resolution).catch(() => undefined); // a cache that cannot be written costs time alone
      return resolution;
    },
  };
} // prettier-ignore

/** What stands in the way of asking is told, and the plan is made without an answer. */
function notAsked(error: unknown, signal: AbortSignal | undefined): Resolution {
  if (signal?.aborted === true || !(error instanceof Error)) throw error;
  return { kind: 'unreachable', why: error.message };
}

function keyOf(question: ResolveQuestion, { index, extra }: IndexConfiguration, day: string): string {
  const places = [index ?? '', ...extra].map((address) => address.replace(/\/\/[^/@]*@/, '//'));
  return sha256(JSON.stringify([FORMAT, day, question, places])).slice('sha256:'.length, 'sha256:'.length + 40);
}

async function openTools(signal: AbortSignal | undefined): Promise<UvTools | { why: string }> {
  const found = await findUv(signal);
  if (found.path === undefined) return { why: found.why };
  const environment = Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  environment['UV_CACHE_DIR'] ??= join(indexCacheFolder(), 'uv-cache');
  environment['UV_HTTP_RETRIES'] ??= '1';
  if (environment['PIP_CERT'] !== undefined) environment['SSL_CERT_FILE'] ??= environment['PIP_CERT'];
  return { uv: found.path, environment };
} // prettier-ignore

/** Indexes go by variables: addresses may hold passwords, and everybody sees a program's words. */
function withIndexes(
  environment: Readonly<Record<string, string>>,
  question: ResolveQuestion,
  { index, extra }: IndexConfiguration,
): Record<string, string> {
  const all = [...question.indexes, ...extra.filter((address) => !question.indexes.includes(address))];
  const own = { ...environment };
  delete own['UV_EXTRA_INDEX_URL'];
  if (all.length > 0) own['UV_INDEX'] = all.join(' ');
  if (index !== undefined) own['UV_DEFAULT_INDEX'] = index;
  return own;
}

async function resolutionOf(tools: UvTools, question: ResolveQuestion, signal: AbortSignal | undefined): Promise<Resolution> {
  const answer = await askUv(tools, question, signal);
  if (answer.kind === 'unreachable') return answer;
  if (answer.kind === 'conflict') return relaxed(tools, question, { lines: answer.lines, signal });
  const sizes = await measureWheels([...answer.wheels.values()], signal);
  return { kind: 'resolved', packages: [...answer.lines.map((line) => packageOf(line, answer, sizes)), ...answer.left.map(unbuilt)] };

  function unbuilt(name: string): ResolvedPackage {
    const asked = question.requirements.map((text) => parseRequirement(text)).find((requirement) => requirement?.name === name);
    return { name, version: /^==([^,*]+)$/.exec(asked?.specifiers ?? '')?.[1] ?? '', via: [], wheel: null };
  }
} // prettier-ignore

function packageOf(
  { name, version, via }: AnsweredLine,
  { wheels }: Extract<UvAnswer, { kind: 'resolved' }>,
  sizes: Awaited<ReturnType<typeof measureWheels>>,
): ResolvedPackage {
  const wheel = wheels.get(name);
  const size = sizes.get(name);
  if (wheel === undefined) return { name, version, via, wheel: null };
  const { filename, bytes } = wheel;
  return { name, version, via, wheel: { filename, compressedBytes: bytes, unpackedBytes: size?.unpackedBytes ?? null, pythonBytes: size?.pythonBytes ?? null } }; // prettier-ignore
}

/** Looks for the one pinned requirement without which the rest fits, and what version it would have. */
async function relaxed(
  tools: UvTools,
  question: ResolveQuestion,
  { lines, signal }: { lines: readonly string[]; signal: AbortSignal | undefined },
): Promise<Resolution> {
  const text = lines.join(' ').toLowerCase();
  const involved = question.requirements.filter((line) => {
    const requirement = parseRequirement(line);
    return requirement !== undefined && requirement.specifiers !== '' && text.includes(requirement.name);
  });
  for (const line of involved.slice(0, MAX_RELAXED)) {
    const { name = '', extras = [] } = parseRequirement(line) ?? {};
    const loose = `${name}${extras.length > 0 ? `[${extras.join(',')}]` : ''}`;
    const requirements = question.requirements.map((one) => (one === line ? loose : one));
    const answer = await askUv(tools, { ...question, requirements }, signal);
    const found = answer.kind === 'resolved' ? answer.lines.find((one) => one.name === name) : undefined;
    if (found !== undefined) return { kind: 'conflict', lines, between: involved, relax: `${loose}==${found.version}` };
  }
  return { kind: 'conflict', lines, between: involved, relax: null };
}

async function readAnswer(path: string): Promise<Resolution | undefined> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Resolution;
    if (value.kind === 'unreachable') return Date.now() - (await stat(path)).mtimeMs < SILENT_MS ? value : undefined;
    return value.kind === 'resolved' || value.kind === 'conflict' ? value : undefined;
  } catch {
    return undefined;
  }
}

async function keepAnswer(path: string, resolution: Resolution): Promise<void> {
  const folder = join(path, '..');
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const facts = await stat(join(folder, name)).catch(() => undefined);
    if (facts !== undefined && Date.now() - facts.mtimeMs > KEPT_MS) await rm(join(folder, name), { force: true });
  }
  await writeAtomic(path, JSON.stringify(resolution));
}
