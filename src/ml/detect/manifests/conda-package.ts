import { CONDA_LIBRARIES, CONDA_PACKAGES, type CondaPackage } from '../../data/conda-packages.ts';
import type { Evidence } from '../../plan/plan.ts';
import { normalName } from '../requirements.ts';
import { addRequirement } from './add-requirement.ts';
import { type Draft, problem } from './contract.ts';

/** `channel::name=1.2=build`, `name >=1.2,<2`, `name[version='>=1']`. */
export function addCondaPackage(draft: Draft, text: string, { file, line }: Evidence): void {
  const match = /^(?:[\w./-]+::)?([A-Za-z\d_][\w.+-]*?)(?:\[([^\]]*)\])?(?:\s+|(?=[=<>!~])|$)(.*)$/.exec(text.trim());
  if (match === null) return;
  const [, name = '', options = '', version = ''] = match;
  const evidence = { file, line };
  const wanted = condaVersion(version === '' ? (/version=['"]?([^'"]+)/.exec(options)?.[1] ?? '') : version);
  if (name.toLowerCase() === 'python') {
    if (wanted !== '') draft.requiresPython = { specifiers: wanted, ...evidence };
    return;
  }
  const known = knownPackage(name);
  if (known.only !== undefined)
    draft.problems.push(problem('conda-only', evidence, { message: `${name} is ${known.only}, and was left out`, fix: 'use a base image with conda, or a package that the index has', severity: 'error' })); // prettier-ignore
  if (known.gpu === true) draft.gpu ??= { what: text, ...evidence };
  draft.systemPackages.push(...(known.apt ?? []).map((debian) => ({ name: debian, ...evidence })));
  for (const distribution of known.pip ?? []) {
    const isSame = normalName(distribution) === normalName(name) || SAME_VERSIONS.has(distribution);
    addRequirement(draft, { name: normalName(distribution), extras: [], specifiers: isSame ? wanted : '', marker: '', url: undefined, fromConda: true, ...evidence }, 'requirement'); // prettier-ignore
  }
}

/** Distributions that count their versions as conda does, although the name differs. */
const SAME_VERSIONS: ReadonlySet<string> = new Set(['torch', 'tensorflow', 'tables', 'msgpack', 'matplotlib', 'xgboost', 'dask', 'faiss-cpu', 'psycopg2-binary']); // prettier-ignore

function knownPackage(name: string): CondaPackage {
  const lower = name.toLowerCase();
  const row = Object.hasOwn(CONDA_PACKAGES, lower) ? CONDA_PACKAGES[lower] : undefined;
  if (row !== undefined) return row;
  return CONDA_LIBRARIES.test(lower) ? {} : { pip: [lower] };
}

/** conda's `=1.2`, `1.2.*`, `==1.2.3=build` and `>=1,<2|>3` as specifiers of PEP 440. */
export function condaVersion(text: string): string {
  const bare = text.trim().replace(/^(==?)\s+/, '$1');
  const built = /^={0,2}(\d[\w.!+*]*)=[\w.*]+$/.exec(bare)?.[1];
  if (built !== undefined) return built.includes('*') ? prefix(built) : `==${built}`;
  return (bare.split('|')[0] ?? '')
    .split(/[,\s]+/)
    .flatMap((clause) => condaClause(clause))
    .join(',');
}

function condaClause(clause: string): string[] {
  const match = /^(==|=|!=|>=|<=|~=|>|<)?\s*v?(\d[\w.+!]*?)(\.?\*)?$/.exec(clause);
  if (match === null) return [];
  const [, operator = '', version = '', star] = match;
  if (operator === '=' || operator === '') return [prefix(version)];
  return [`${operator}${version}${star !== undefined && /^[=!]=$/.test(operator) ? '.*' : ''}`];
}

/** conda's `=1.2.3` means that version and what begins with it. */
function prefix(version: string): string {
  const bare = version.replace(/\.?\*$/, '');
  return bare.split('.').length >= 3 ? `==${bare}` : `==${bare}.*`;
}
