/** What reads a project's version from git when it is built, and the variable that stands for it. Source: the manuals of each, 2026-11. */
const VARIABLES: readonly (readonly [pattern: RegExp, variable: string])[] = [
  [/setuptools[-_]scm|hatch[-_]vcs|flit[-_]scm|use_scm_version/, 'SETUPTOOLS_SCM_PRETEND_VERSION'],
  [/poetry-dynamic-versioning/, 'POETRY_DYNAMIC_VERSIONING_BYPASS'],
  [/(^|[^\w])pbr([^\w]|$)/, 'PBR_VERSION'],
];

/** The variable for what `text` names; undefined where the version is not from git. */
export function versionVariable(text: string): string | undefined {
  return VARIABLES.find(([pattern]) => pattern.test(text))?.[1];
}
