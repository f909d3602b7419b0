import { NEVER_INSTALLED, RENAMED } from '../../data/requirement-traps.ts';
import { PYTHONS } from '../../data/python-support.ts';
import { STANDARD_LIBRARY } from '../../data/standard-library.ts';
import { holds } from '../../markers.ts';
import type { Requirement } from '../requirements.ts';
import { plainAddress } from './addresses.ts';
import { type Draft, problem } from './contract.ts';

export type RequirementRole = 'requirement' | 'constraint' | { group: string };

/** Adds a requirement to a manifest; what cannot be installed in a Linux image is left out or mended, and said. */
export function addRequirement(draft: Draft, requirement: Requirement, role: RequirementRole): void {
  const { marker } = requirement;
  if (marker !== '' && !holdsSomewhere(marker)) return;
  const mended = role === 'constraint' ? requirement : mend(draft, plain(draft, requirement));
  if (mended === undefined) return;
  if (role === 'requirement') draft.requirements.push(mended);
  else if (role === 'constraint') draft.constraints.push(mended);
  else draft.optional.set(role.group, [...(draft.optional.get(role.group) ?? []), mended]);
}

const MAX_KNOWN = 1000;
const KNOWN = new Map<string, boolean>();

/** Whether any Python on Linux gets it. Lists repeat the same few markers on every line. */
function holdsSomewhere(marker: string): boolean {
  const known = KNOWN.get(marker) ?? PYTHONS.some((python) => holds(marker, { python }));
  if (KNOWN.size < MAX_KNOWN) KNOWN.set(marker, known);
  return known;
}

/** Repositories that are fetched with a key of the person who wrote the line, or over git's own unprotected protocol. */
function overHttps(url: string): string {
  return url.replace(/^git\+(?:(?:ssh:\/\/)?git@([^:/]+)[:/]|git:\/\/([^/]+)\/)/, (_, ssh?: string, git?: string) => `git+https://${ssh ?? git ?? ''}/`); // prettier-ignore
}

function plain(draft: Draft, requirement: Requirement): Requirement {
  if (requirement.url === undefined) return requirement;
  const url = overHttps(requirement.url);
  if (url !== requirement.url) {
    draft.readByPip = false;
    const { file, line } = requirement;
    draft.problems.push(problem('link-without-https', { file, line }, { message: `${requirement.name} is fetched with a key that no build has, or in a way that no server offers any more; ${url} is asked instead`, fix: `write ${url}`, severity: 'note' })); // prettier-ignore
  }
  return { ...requirement, url: plainAddress(draft, url, requirement).url };
}

/** Names that people write for others, and names of what is no package at all. */
function mend(draft: Draft, requirement: Requirement): Requirement | undefined {
  const { name, file, line, url, marker } = requirement;
  if (url !== undefined) return requirement;
  const renamed = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
  if (renamed !== undefined) {
    draft.readByPip = false;
    draft.problems.push(problem('import-name', { file, line }, { message: `${name} is ${renamed.why}; ${renamed.name} is installed`, fix: `write ${renamed.name} instead of ${name}` })); // prettier-ignore
    return { ...requirement, name: renamed.name, specifiers: renamed.keepsVersion ? requirement.specifiers : '' };
  }
  const reason = marker === '' ? reasonToLeaveOut(name) : undefined;
  if (reason === undefined) return requirement;
  draft.readByPip = false;
  const isPython = name === 'python';
  if (isPython && draft.requiresPython === undefined)
    draft.requiresPython = { specifiers: requirement.specifiers, file, line };
  const code = reason.startsWith('made for') ? 'platform-requirement' : 'not-a-package';
  draft.problems.push(problem(code, { file, line }, { message: `${name} is ${reason}, and was left out`, fix: code === 'not-a-package' ? 'take the line out' : `write ${name}${requirement.specifiers}; sys_platform == "${reason.endsWith('Windows') ? 'win32' : 'darwin'}"` })); // prettier-ignore
  return undefined;
}

function reasonToLeaveOut(name: string): string | undefined {
  const known = Object.hasOwn(NEVER_INSTALLED, name) ? NEVER_INSTALLED[name] : undefined;
  if (known !== undefined) return known;
  if (/^pyobjc(-|$)/.test(name)) return 'made for macOS';
  if (/^(anaconda-|conda-|ubuntu-)/.test(name)) return 'part of the machine where this was written';
  return STANDARD_LIBRARY.has(name.replaceAll('-', '_')) ? 'part of Python itself' : undefined;
}
