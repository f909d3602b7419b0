import { CUDA_COMPILED, PLAIN_SOURCES, USUAL_COMPILERS } from '../data/compiled.ts';
import { DISTRIBUTION_OF_IMPORT } from '../data/distributions.ts';
import { GIT_FOR_VCS, SYSTEM_PACKAGES, type SystemPackages } from '../data/system-packages.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { normalName } from '../detect/requirements.ts';
import { meets } from '../version.ts';
import { type KnownPackage, type KnownPackages, newestAllowed } from './known-packages.ts';
import { missingLibraries, type MissingLibrary, type NativeFile } from './native-libraries.ts';
import type { Decision, Finding } from './plan.ts';

export interface SystemChoice {
  /** Debian packages of the image. */
  apt: readonly string[];
  /** Those that only installing needs. */
  buildApt: readonly string[];
  /** Debian release that the base has to be of, where a package is not in the newest one. */
  suite: string | undefined;
  decisions: readonly Decision[];
  findings: readonly Finding[];
}

export interface SystemQuestion {
  facts: ProjectFacts;
  packages: KnownPackages;
  /** Names that the project's own code imports. */
  imports: ReadonlySet<string>;
  /** Distributions without a wheel that fits, as the index answered. */
  withoutWheel: readonly string[];
  /** Shared libraries of wheels that are at hand: what they load is certain, where the table only knows of names. */
  native: readonly NativeFile[];
}

/** Debian packages, each with its reason: what the project names, what its packages load or call, and what compiling them takes. */
export function planSystem({ facts, packages, imports, withoutWheel, native }: SystemQuestion): SystemChoice {
  const named = facts.manifest?.systemPackages ?? [];
  const rows = SYSTEM_PACKAGES.flatMap((row) => {
    const known = packages.get(row.distribution);
    return known !== undefined && applies(row, known, { packages, imports }) ? [{ row, known }] : [];
  });
  const fetched = [...packages.values()].find(({ url }) => url?.startsWith('git+'));
  const covered = new Set(rows.filter(({ row }) => row.build !== undefined).map(({ row }) => row.distribution));
  const against = CUDA_COMPILED.filter(({ distribution, againstTorch }) => againstTorch === true && packages.get(distribution)?.source === 'direct').map(({ distribution }) => distribution);
  const compiled = [...new Set([...withoutWheel.filter((name) => !covered.has(name) && !PLAIN_SOURCES.has(name)), ...against])];
  const loaded = missingLibraries(native);
  const apt = [...loaded.flatMap(({ debian }) => debian ?? []), ...named.map(({ name }) => name), ...rows.flatMap(({ row }) => row.packages), ...(fetched === undefined ? [] : GIT_FOR_VCS.packages)];
  const buildApt = [...rows.flatMap(({ row }) => row.build ?? []), ...(compiled.length > 0 ? USUAL_COMPILERS : [])];
  return {
    apt: [...new Set(apt)].toSorted(),
    buildApt: [...new Set(buildApt)].toSorted(),
    suite: rows.find(({ row }) => row.suite !== undefined)?.row.suite,
    decisions: [...named.map(namedDecision), ...rows.flatMap(decisionsOf), ...(fetched === undefined ? [] : [{ subject: 'system' as const, choice: 'git', why: GIT_FOR_VCS.why, evidence: fetched.evidence }]), ...compiled.map((name) => compilerDecision(name, packages)), ...loaded.flatMap(loadedDecision)],
    findings: [...loaded.flatMap(unknownLibrary), ...headless(rows.map(({ known }) => known), imports)],
  };
} // prettier-ignore

function applies(
  { versions, imported, unlessWith, distribution }: SystemPackages,
  known: KnownPackage,
  { packages, imports }: { packages: KnownPackages; imports: ReadonlySet<string> },
): boolean {
  if (versions !== undefined && !meets(newestAllowed(known) ?? '9999', versions, { prereleases: true })) return false;
  if (imported === true && !isImported(distribution, imports)) return false;
  const beside = [...packages.keys(), ...known.extras.map((extra) => `${known.name}[${extra}]`)];
  return unlessWith === undefined || !unlessWith.some((name) => beside.includes(name));
}

function isImported(distribution: string, imports: ReadonlySet<string>): boolean {
  return [...imports].some((name) => (Object.hasOwn(DISTRIBUTION_OF_IMPORT, name) ? DISTRIBUTION_OF_IMPORT[name] : undefined) === distribution || normalName(name) === distribution || OTHER_IMPORTS[name] === distribution); // prettier-ignore
}

/** Import names of distributions that several share, or that are no ordinary packages. */
const OTHER_IMPORTS: Readonly<Record<string, string>> = { ffmpeg: 'ffmpeg-python', whisper: 'openai-whisper', git: 'gitpython', tabula: 'tabula-py', jpype: 'jpype1', camelot: 'camelot-py', yt_dlp: 'yt-dlp' }; // prettier-ignore

function namedDecision({ name, file, line }: { name: string; file: string; line: number }): Decision {
  return { subject: 'system', choice: name, why: 'the project names it', evidence: { file, line } };
}

function decisionsOf({ row, known }: { row: SystemPackages; known: KnownPackage }): Decision[] {
  const { packages, build = [], why, distribution } = row;
  const source = 'what the wheel loads, by `readelf -d`, or its installation page; 2026-11';
  const runs = packages.length === 0 ? [] : [{ subject: 'system' as const, choice: packages.join(' '), why: `${distribution}: ${why}`, evidence: known.evidence, source }];
  const builds = build.length === 0 ? [] : [{ subject: 'system' as const, choice: build.join(' '), why: `${distribution}: ${why}; they do not stay in the image`, evidence: known.evidence, source }];
  return [...runs, ...builds];
} // prettier-ignore

function compilerDecision(name: string, packages: KnownPackages): Decision {
  return { subject: 'system', choice: USUAL_COMPILERS.join(' '), why: `${name}: there is no wheel of it for this Python, so it is compiled; they do not stay in the image`, evidence: packages.get(name)?.evidence }; // prettier-ignore
}

function loadedDecision({ soname, by, debian }: MissingLibrary): Decision[] {
  if (debian === undefined) return [];
  return [{ subject: 'system', choice: debian, why: `${by.name} loads ${soname}, which the wheel does not bring`, evidence: { file: by.wheel, line: 0 }, source: 'DT_NEEDED of the file' }]; // prettier-ignore
}

function unknownLibrary({ soname, by, debian }: MissingLibrary): Finding[] {
  if (debian !== undefined) return [];
  return [{ code: 'unknown-library', severity: 'note', file: by.wheel, line: null, message: `${by.name} loads ${soname}, which neither the wheel nor the base has`, fix: 'name the Debian package that has it in packages.txt' }]; // prettier-ignore
}

/** OpenCV with windows brings Mesa and LLVM for a screen that a container does not have. */
function headless(found: readonly KnownPackage[], imports: ReadonlySet<string>): Finding[] {
  const known = found.find(({ name, source }) => /^opencv(-contrib)?-python$/.test(name) && source === 'direct');
  if (known === undefined || imports.has('cv2.imshow')) return [];
  return [{
    code: 'opencv-with-windows', severity: 'note', file: known.evidence?.file ?? null, line: known.evidence?.line ?? null, fix: `replace ${known.name} by ${known.name}-headless`,
    message: `${known.name} loads libGL for windows on a screen: 200 MB of the image that ${known.name}-headless does not need`,
  }]; // prettier-ignore
}
