import { readDockerfile, type Program } from '#dockerfile/program.ts';
import type { ProjectFacts } from '../detect/project.ts';
import type { Requirement } from '../detect/requirements.ts';
import { isYamlMap, parseYaml, type YamlMap } from '../yaml.ts';
import type { ProjectPlan } from '../plan/plan.ts';
import type { Edit } from './rule.ts';

/** A project as rules look at it. */
export interface LintSubject {
  facts: ProjectFacts;
  plan: ProjectPlan;
  requirements: readonly Requirement[];
  /** Distributions that are listed, in their normal form. */
  listed: ReadonlySet<string>;
  dockerfile: { path: string; lines: readonly string[]; program: Program | undefined } | undefined;
  composes: readonly { path: string; lines: readonly string[]; services: YamlMap }[];
  /** Lines of small texts that were read before; empty for others. */
  lines: (this: void, path: string) => readonly string[];
  /** The edit that puts `text` in the place of a line of such a text. */
  replace: (this: void, file: string, line: number, text: string | null) => Edit | undefined;
}

const COMPOSES = /^(?:docker-)?compose[\w.-]*\.ya?ml$/;
const TEXTS = /(^|\/)(?:requirements[\w.-]*\.txt|requirement\.txt|\.dockerignore|\.gitattributes|\.gitignore|\.env|constraints\.txt)$/; // prettier-ignore
const MAX_TEXTS = 400;

/** Reads what the rules look at beside the facts. */
export async function lintSubject(facts: ProjectFacts, plan: ProjectPlan): Promise<LintSubject> {
  const wanted = facts.tree.files.map(({ path }) => path).filter((path) => TEXTS.test(path) || COMPOSES.test(path));
  const code = facts.modules.filter(({ read }) => read === 'whole').map(({ path }) => path);
  const texts = new Map<string, readonly string[]>();
  for (const path of [...wanted, ...code].slice(0, MAX_TEXTS)) {
    const text = await facts.tree.read(path);
    if (text !== undefined) texts.set(path, text.split(/\r?\n/));
  }
  const lines = (path: string): readonly string[] => texts.get(path) ?? [];
  const requirements = facts.manifest?.requirements ?? [];
  return {
    facts, plan, requirements, lines,
    listed: new Set(requirements.map(({ name }) => name)),
    dockerfile: dockerfileOf(facts),
    composes: [...texts].filter(([path]) => COMPOSES.test(path)).flatMap(([path, own]) => composeOf(path, own)),
    replace(file, line, text) {
      const was = lines(file)[line - 1];
      return was === undefined ? undefined : { file, line, was, text };
    },
  };
} // prettier-ignore

/** One that cannot be read is the builder's matter: it says where. */
function dockerfileOf({ dockerfile }: ProjectFacts): LintSubject['dockerfile'] {
  if (dockerfile === undefined) return undefined;
  const { path, text } = dockerfile;
  return { path, lines: text.split(/\r?\n/), program: attempt(() => readDockerfile(text, path)) };
}

function composeOf(path: string, lines: readonly string[]): LintSubject['composes'] {
  const read = attempt(() => parseYaml(lines.join('\n')));
  const services = isYamlMap(read) ? read['services'] : undefined;
  return isYamlMap(services) ? [{ path, lines, services }] : [];
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
