import { PYTHONS } from '../../data/python-support.ts';
import { holds } from '../../markers.ts';
import type { Finding } from '../../plan/plan.ts';
import { canMeetBoth, exactVersion, meets } from '../../version.ts';
import type { Requirement } from '../requirements.ts';
import { type Manifest, problem } from './contract.ts';

const MAX_FINDINGS = 20;

/** Requirements and limits of one manifest that no version meets together; both places are named. */
export function contradictions(requirements: readonly Requirement[], constraints: readonly Requirement[]): Finding[] {
  const findings: Finding[] = [];
  const byName = Map.groupBy([...requirements, ...constraints], ({ name }) => name);
  for (const group of byName.values()) {
    const pair = pairOf(group);
    if (pair === undefined || findings.length >= MAX_FINDINGS) continue;
    const [first, second] = pair;
    findings.push(problem('contradictory-pins', { file: second.file, line: second.line }, {
      severity: 'error', fix: `keep one of the two lines`,
      message: `${second.name}${second.specifiers} (${second.file}:${second.line}) and ${first.name}${first.specifiers} (${first.file}:${first.line}) exclude each other`,
    })); // prettier-ignore
  }
  return findings;
}

function pairOf(group: readonly Requirement[]): readonly [Requirement, Requirement] | undefined {
  for (const [index, second] of group.entries())
    for (const first of group.slice(0, Math.min(index, MAX_FINDINGS)))
      if (!canMeetBoth(first.specifiers, second.specifiers) && applyTogether(first, second)) return [first, second];
  return undefined;
}

/** Whether some Python gets both lines: `numpy<2; python_version<"3.9"` excludes nothing on newer ones. */
function applyTogether(a: Requirement, b: Requirement): boolean {
  return PYTHONS.some((python) => holds(a.marker, { python }) && holds(b.marker, { python }));
}

/** Where another manifest of the same folder pins what this one excludes. */
export function disagreements(manifest: Manifest, other: Manifest): Finding[] {
  const own = new Map(manifest.requirements.map((item) => [item.name, item]));
  return other.requirements
    .flatMap((theirs): Finding[] => {
      const ours = own.get(theirs.name);
      if (ours === undefined || ours.file === theirs.file || !disagree(ours, theirs)) return [];
      return [problem('manifests-disagree', { file: theirs.file, line: theirs.line }, {
        message: `${theirs.file}:${theirs.line} wants ${theirs.name}${theirs.specifiers}, ${ours.file}:${ours.line}, which counts, ${ours.name}${ours.specifiers}`,
        fix: 'write the same into both, or keep one of the files',
      })]; // prettier-ignore
    })
    .slice(0, 5);
}

/** Only a pin says what a file means; ranges are often left wider in one place. */
function disagree(ours: Requirement, theirs: Requirement): boolean {
  const [a, b] = [exactVersion(ours.specifiers), exactVersion(theirs.specifiers)];
  if (a !== undefined) return !meets(a, theirs.specifiers, { prereleases: true });
  return b !== undefined && !meets(b, ours.specifiers, { prereleases: true });
}
