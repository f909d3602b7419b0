import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError } from '#lib/errors.ts';
import { run, type RunResult } from '#lib/run.ts';
import { parseRequirement } from '#ml/detect/requirements.ts';
import type { ResolveQuestion } from '#ml/plan/package-index.ts';
import {
  type AnsweredLine,
  conflictLines,
  type LockedWheel,
  namesToBuild,
  parseAnswer,
  parsePylock,
  unreachableHost,
} from './uv-answers.ts';

export type UvAnswer =
  /** `left`: distributions that have no wheel; they and what they bring were not looked at. */
  | {
      kind: 'resolved';
      lines: readonly AnsweredLine[];
      wheels: ReadonlyMap<string, LockedWheel>;
      left: readonly string[];
    }
  | { kind: 'conflict'; lines: readonly string[] }
  | { kind: 'unreachable'; why: string; host?: string | undefined };

export interface UvTools {
  uv: string;
  environment: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 60_000;
/** How many distributions without wheels are left out one after the other. */
const MAX_LEFT_OUT = 24;
/** How many requirements are asked for anew in a newer version. */
const MAX_FLOORS = 6;

/** A question to uv, with the folder that its files lie in. */
interface Session {
  uv: string;
  question: ResolveQuestion;
  options: { cwd: string; env: Record<string, string>; allowFailure: true; signal: AbortSignal };
}

interface Attempt {
  result: RunResult;
  /** Distributions without wheels, which were left out. */
  left: readonly string[];
}

/**
 * Asks uv what installing the requirements brings. Source distributions are never built, for their code would run on this machine: those without a wheel
 * are left out and named.
 */
export async function askUv({ uv, environment }: UvTools, question: ResolveQuestion, signal?: AbortSignal): Promise<UvAnswer> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  await using work = await mkdtempDisposable(join(tmpdir(), 'berth-uv-'));
  await writeFile(join(work.path, 'requirements.in'), lines(question.requirements));
  const options = { cwd: work.path, env: { ...environment }, allowFailure: true as const, signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) };
  const session = { uv, question, options };
  try {
    const first = await attempt(session, { floors: [], left: [] });
    if (first.result.code !== 0) return failure(first.result);
    const { result, left } = await withoutRetreat(session, first);
    return await withWheels({ uv, question, left, answer: parseAnswer(result.stdout) }, options);
  } catch (error) {
    if (signal?.aborted === true || !(error instanceof CancelledError)) throw error;
    return { kind: 'unreachable', why: `there was no answer within ${TIMEOUT_MS / 1000} seconds` };
  }
} // prettier-ignore

/** Resolves, leaving out what has no wheel, until that works or fails for another reason. */
async function attempt({ uv, question, options }: Session, { floors, left: before }: { floors: readonly string[]; left: readonly string[] }): Promise<Attempt> {
  const left = new Set(before);
  await writeFile(join(options.cwd, 'constraints.txt'), lines([...question.constraints, ...floors]));
  for (;;) {
    await writeFile(join(options.cwd, 'excludes.txt'), lines([...left]));
    const result = await run([uv, ...resolveArguments(question)], options);
    const toBuild = result.code === 0 ? [] : namesToBuild(result.stderr).filter((name) => !left.has(name));
    if (toBuild.length === 0 || left.size > MAX_LEFT_OUT) return { result, left: [...left] };
    for (const name of firstToLeave(toBuild, question)) left.add(name);
  }
} // prettier-ignore

/**
 * uv goes back to versions of long ago, or on to unfinished ones, where all others bring something that has no wheel. Where what was asked for has
 * another version by itself, that is asked for once more, and what stands in its way is left out.
 */
async function withoutRetreat(session: Session, first: Attempt): Promise<Attempt> {
  const { uv, question, options } = session;
  const alone = await run([uv, ...resolveArguments(question), '--no-deps'], options);
  const chosen = new Map(parseAnswer(first.result.stdout).map(({ name, version }) => [name, version]));
  const newer = alone.code === 0 ? parseAnswer(alone.stdout).filter(({ name, version }) => chosen.has(name) && chosen.get(name) !== version) : [];
  const floors = newer.slice(0, MAX_FLOORS).map(({ name, version }) => `${name}==${version}`);
  if (floors.length === 0) return first;
  let best = await attempt(session, { floors, left: first.left });
  if (best.result.code === 0) return best;
  best = first;
  const kept: string[] = [];
  for (const floor of floors.length === 1 ? [] : floors) {
    const next = await attempt(session, { floors: [...kept, floor], left: best.left });
    if (next.result.code !== 0) continue;
    kept.push(floor);
    best = next;
  }
  return best;
} // prettier-ignore

/** What is only brought along goes first: without it there may be a wheel of what was asked for. */
function firstToLeave(names: readonly string[], { requirements }: ResolveQuestion): readonly string[] {
  const asked = new Set(requirements.map((text) => parseRequirement(text)?.name));
  const brought = names.filter((name) => !asked.has(name));
  return brought.length > 0 ? brought : names;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

const COMMON = ['--no-header', '--no-progress', '--color', 'never', '--no-build', '--no-python-downloads', '--index-strategy', 'unsafe-best-match'] as const; // prettier-ignore

function resolveArguments(question: ResolveQuestion): string[] {
  const { python, platform, before, findLinks } = question;
  return [
    'pip', 'compile', 'requirements.in', ...COMMON, '--annotation-style', 'line', '--python-version', python, '--python-platform', platform,
    '--constraints', 'constraints.txt', '--excludes', 'excludes.txt', ...(before === null ? [] : ['--exclude-newer', before]), ...(findLinks ?? []).flatMap((url) => ['--find-links', url]),
  ]; // prettier-ignore
}

async function withWheels(
  { uv, question, left, answer }: { uv: string; question: ResolveQuestion; left: readonly string[]; answer: AnsweredLine[] },
  options: { cwd: string; env: Record<string, string>; allowFailure: boolean; signal: AbortSignal },
): Promise<UvAnswer> {
  await writeFile(join(options.cwd, 'exact.in'), lines(answer.map(({ name, version }) => `${name}==${version}`)));
  const target = ['--python-version', question.python, '--python-platform', question.platform];
  const locked = await run([uv, 'pip', 'compile', 'exact.in', ...COMMON, ...target, ...(question.findLinks ?? []).flatMap((url) => ['--find-links', url]), '--no-deps', '--format', 'pylock.toml', '--output-file', 'pylock.toml', '--quiet'], options);
  const text = locked.code === 0 ? await readFile(join(options.cwd, 'pylock.toml'), 'utf8') : '';
  return { kind: 'resolved', lines: answer, wheels: parsePylock(text), left };
} // prettier-ignore

function failure({ stderr }: RunResult): UvAnswer {
  const host = unreachableHost(stderr);
  if (host !== undefined && !/No solution found/.test(stderr)) return { kind: 'unreachable', why: `${host} does not answer: ${lastCause(stderr)}`, host };
  const found = conflictLines(stderr);
  if (/No solution found/.test(stderr) && found.length > 0) return { kind: 'conflict', lines: found };
  return { kind: 'unreachable', why: lastCause(stderr), host };
} // prettier-ignore

/** The innermost reason that uv gives. */
function lastCause(stderr: string): string {
  const found = stderr.split('\n').map((line) => line.replace(/^\s*(?:error|cause|Caused by):\s*/i, '').trim()).filter((line) => line !== ''); // prettier-ignore
  return (found.at(-1) ?? 'no reason was given').replace(/\/\/[^\s/@]*@/g, '//').slice(0, 300);
}
