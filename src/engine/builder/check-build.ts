import { checkSteps } from '#dockerfile/check-steps.ts';
import type { Reading } from '#dockerfile/global-args.ts';
import { type CheckSettings, isSkipped, parseCheckSettings } from '#dockerfile/lint/check-settings.ts';
import type { LintFacts } from '#dockerfile/lint/facts.ts';
import type { Finding } from '#dockerfile/lint/finding.ts';
import { lintDockerfile } from '#dockerfile/lint/lint-dockerfile.ts';
import type { Rule } from '#dockerfile/lint/rule.ts';
import { RULES } from '#dockerfile/lint/rules.ts';
import { withPlace } from '#dockerfile/parse.ts';
import type { Program } from '#dockerfile/program.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { BuilderContext } from './build-run.ts';
import { contextFacts, imageFacts } from './lint-facts.ts';
import type { BuildEvent } from './progress/events.ts';
import type { BuildReport } from './progress/report.ts';
import type { BuildRequest } from './request.ts';
import type { BuildFiles } from './sources/build-files.ts';
import type { Plan } from './stages/plan.ts';

/** What is doubtful about a build. */
export interface BuildCheck {
  /** All that was found so far. */
  readonly findings: readonly Finding[];
  /** For the steps: what they find is kept as well, unless its rule is skipped. */
  readonly report: BuildReport;
  /** Looks at what the steps have made known. Told through the report, like the others. */
  finish(): Promise<void>;
}

/** Bytes of the layers that instructions left, by their first line. */
export interface StepSizes {
  hear(event: BuildEvent): void;
  get(line: number): number | undefined;
}

/** Listens to a build for what its steps leave. */
export function createStepSizes(): StepSizes {
  const bytes = new Map<number, number>();
  return {
    hear(event) {
      if (event.kind === 'step' && event.vertex.lines !== undefined)
        bytes.set(event.vertex.lines.start, event.step.bytes);
    },
    get: (line) => bytes.get(line),
  };
}

interface Checking {
  context: Pick<BuilderContext, 'images'>;
  request: BuildRequest;
  report: BuildReport;
  files: BuildFiles;
  program: Program;
  plans: readonly Plan[];
  sizes: StepSizes;
}

/**
 * Looks at a Dockerfile before anything runs, and tells what it finds.
 * @throws {DockerfileError} for a broken mount or a broken directive
 * @throws {InvalidArgumentError} if findings are to end the build
 */
export async function checkBuild(checking: Checking): Promise<BuildCheck> {
  const { request, report, program, plans } = checking;
  for (const plan of plans) {
    const stages = plan.stages.map(({ stage }) => stage);
    checkSteps(program, stages, request.buildArgs);
  }
  const settings = settingsOf(checking);
  const isBefore = request.check !== 'warn';
  // What depends on the context or on sizes is told when these are known, unless there is no later.
  const rules = isBefore ? RULES : RULES.filter(({ needs }) => needs === undefined);
  const images = settings.skip === 'all' ? {} : await imageFacts(checking.context.images, plans);
  const more = isBefore ? await contextFacts(checking, { isEarly: true }) : {};
  const findings: Finding[] = [];
  const tell: BuildReport['finding'] = (finding, vertex) => {
    if (isSkipped(settings, finding.code)) return;
    findings.push(finding);
    report.finding(finding, vertex);
  };
  const add = (found: readonly Finding[]): void => found.forEach((finding) => tell(finding));
  add(runRules(checking, { settings, rules, facts: { ...images, ...more } }));
  endIfAsked(request, { settings, findings });
  return {
    findings,
    report: { ...report, finding: tell },
    async finish() {
      if (isBefore || settings.skip === 'all') return;
      const later = RULES.filter(({ needs }) => needs !== undefined);
      const facts = { ...images, ...(await contextFacts(checking, { isEarly: false })) };
      add(
        runRules(checking, {
          settings,
          rules: later,
          facts: { ...facts, layerBytes: (line) => checking.sizes.get(line) },
        }),
      );
    },
  };
}

function settingsOf({ request, program }: Checking): CheckSettings {
  const passed = request.buildArgs.get('BUILDKIT_DOCKERFILE_CHECK');
  if (passed !== undefined) return parseCheckSettings(passed);
  const { check } = program.directives;
  if (check === undefined) return parseCheckSettings('');
  const line = program.source.lines.findIndex((text) => /^#\s*check\s*=/i.test(text.trim())) + 1;
  return withPlace(program.source, { line, endLine: line }, check, () => parseCheckSettings(check));
}

function runRules(
  { request, program, files }: Checking,
  { settings, rules, facts }: { settings: CheckSettings; rules: readonly Rule[]; facts: LintFacts },
): Finding[] {
  const [platform] = request.platforms;
  const reading: Reading = {
    target: request.target,
    buildArgs: request.buildArgs,
    platform: platform ?? hostPlatform(),
    buildPlatform: hostPlatform(),
  };
  const known: LintFacts = {
    ...facts,
    ignore: files.ignore,
    isNamedContext: (name) => request.namedContexts.has(name.toLowerCase()),
    hasImplicitCaches: request.packages.implicitCaches,
    isLocked: request.packages.locked !== undefined,
  };
  // Who only checks and names no target means the whole file.
  const isForAll = request.check === 'only' && request.target === '';
  return lintDockerfile(program, { reading, facts: known, settings, rules, isForAll });
}

function endIfAsked(
  request: BuildRequest,
  { settings, findings }: { settings: CheckSettings; findings: readonly Finding[] },
): void {
  const isPublic = new Set(RULES.filter((rule) => rule.isPublic).map(({ code }) => code));
  const grave = findings.filter(
    ({ code, severity }) =>
      severity !== 'hint' && (request.check === 'error' || (settings.isError && isPublic.has(code))),
  );
  if (grave.length === 0 || request.check === 'only') return;
  const lines = grave.map(
    ({ code, message, lines: at }) => `${code}: ${message}${at === undefined ? '' : ` (line ${at.start})`}`,
  );
  const codes = [...new Set(grave.map(({ code }) => code))].join(', ');
  // Clients show the message alone.
  throw new InvalidArgumentError([`lint violation found for rules: ${codes}`, ...lines].join('\n'), {
    hint: 'mend them, or take rules away with # check=skip=<rule>',
  });
}
