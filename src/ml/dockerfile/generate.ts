import { formatBytes } from '#dockerfile/lint/format-bytes.ts';
import type { ProjectPlan } from '../plan/plan.ts';
import { aptReasons, aptRun, baseName, type BuilderKind, ENVIRONMENT_FOLDER, needsStage, packagesLines, projectPlace, projectRun, stageLines } from './install-lines.ts'; // prettier-ignore
import { lacksPython, pythonLines } from './python-lines.ts';
import { bakeLines, PROJECT_FOLDER, startLines, USER, userLines } from './start-lines.ts';
import type { Startup } from './startup.ts';
import { comment, copyLine, reason, shellWords } from './text.ts';
import { copiesAround, type WeightsLayer, weightsLayers } from './weights.ts';

export { PROJECT_FOLDER } from './start-lines.ts';

export interface DockerfileOptions extends Partial<BuilderKind> {
  /** What was measured of an earlier image. */
  startup?: Startup | undefined;
  /** Files that go into the build. Without BuildKit they are copied by name, to leave the weights out of the code. */
  files?: readonly string[];
  /** Models that the program fetches by name are fetched while the image is built. */
  bakeModels?: boolean;
}

/** A Dockerfile for a plan: packages, then weights, then code, so that a change moves little; each part with its reason. */
export function generateDockerfile(plan: ProjectPlan, options: DockerfileOptions = {}): string {
  const kind: BuilderKind = {
    cacheMounts: options.cacheMounts ?? true,
    buildkit: options.buildkit ?? true,
    filesFrom: options.filesFrom,
    stripped: options.stripped ?? new Set(),
  };
  const staged = needsStage(plan);
  const { startup, files, bakeModels = false } = options;
  const baked = bakeModels ? bakeLines(plan, kind) : [];
  return [
    // Words of the project do not come first: a builder reads `# word=value` at the top as a directive.
    comment(`Written by berth for ${plan.directory}, from what it read there; \`berth plan\` says more.`),
    '',
    ...(staged ? [...stageLines(plan, kind), ''] : []),
    reason(`Python ${plan.python.version}: ${plan.python.why}`),
    ...baseReason(plan),
    `FROM ${baseName(plan)}`,
    ...bytecodeLines(plan),
    ...pythonLines(plan, ENVIRONMENT_FOLDER),
    comment('What is printed shows at once; no bytecode is written where it runs.'),
    'ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1',
    `WORKDIR ${PROJECT_FOLDER}`,
    ...aptLines(plan),
    ...userLines(plan),
    ...(staged ? environmentCopy(plan) : ['', ...packagesLines(plan, kind)]),
    ...baked,
    ...codeLines(plan, { kind, files }),
    ...startLines(plan, { startup, isBaked: baked.length > 0 }),
    '',
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n'); // prettier-ignore
}

/** What services commonly use of the standard library, in all its versions; importing these brings most of what they import in turn. */
const COMMON_MODULES = [
  'asyncio', 'concurrent.futures', 'ctypes', 'decimal', 'email.parser', 'http.server', 'inspect', 'logging.config', 'multiprocessing.pool', 'pickle', 'ssl',
  'statistics', 'tempfile', 'unittest.mock', 'urllib.request', 'uuid', 'xml.etree.ElementTree', 'zipfile',
]; // prettier-ignore

/** The same for every project of a Python, and so the same layer. */
function bytecodeLines(plan: ProjectPlan): string[] {
  if (!/^(?:[\w.-]+\/)*python:/.test(baseName(plan))) return [];
  return [
    comment('Images of Python come without bytecode: what is used most of the standard library is compiled here, not at each start.'),
    `RUN python -c ${shellWords([`import ${COMMON_MODULES.join(', ')}`])}`,
  ];
} // prettier-ignore

function baseReason({ decisions }: ProjectPlan): string[] {
  const why = decisions.find(({ subject }) => subject === 'base')?.why;
  return why === undefined ? [] : [reason(why)];
}

function aptLines(plan: ProjectPlan): string[] {
  return plan.apt.length === 0 ? [] : ['', ...aptReasons(plan, plan.apt), ...aptRun(plan.apt)];
}

function environmentCopy(plan: ProjectPlan): string[] {
  return [
    '',
    comment('The packages, without what installed them.'),
    `COPY --from=packages ${ENVIRONMENT_FOLDER} ${ENVIRONMENT_FOLDER}`,
    ...(lacksPython(plan) ? [] : [`ENV PATH=${ENVIRONMENT_FOLDER}/bin:$PATH`]),
  ];
}

/** Owned by the account that runs it: files that only their owner may read are readable there. */
function codeLines(
  plan: ProjectPlan,
  { kind, files }: { kind: BuilderKind; files: readonly string[] | undefined },
): string[] {
  const flags = plan.start === null ? [] : [`--chown=${USER.name}:${USER.name}`];
  const weights = weightsLayers(plan.models, files);
  const installs = projectPlace(plan) === 'image' ? [comment('The project itself, whose code is there now.'), projectRun(plan, kind)] : []; // prettier-ignore
  return [...weightsLines(weights, flags), '', ...copyOfCode({ weights, kind, files }, flags), ...installs];
}

function weightsLines(weights: readonly WeightsLayer[], flags: readonly string[]): string[] {
  if (weights.length === 0) return [];
  const total = weights.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    '',
    comment(`Weights (${formatBytes(total)}) lie in layers of their own: a change of code does not move them.`),
    ...weights.map(({ paths, folder }) => copyLine(flags, paths, `./${folder}`)),
  ];
}

function copyOfCode(
  {
    weights,
    kind,
    files,
  }: { weights: readonly WeightsLayer[]; kind: BuilderKind; files: readonly string[] | undefined },
  flags: readonly string[],
): string[] {
  if (weights.length === 0) return [comment('The code, last: it changes most.'), copyLine(flags, ['.'], '.')];
  if (kind.buildkit) {
    const without = weights.flatMap(({ paths }) => paths.map((path) => `--exclude=${path.replace(/\/$/, '')}`));
    return [comment('The code, last: it changes most; the weights are there already.'), copyLine([...flags, ...without], ['.'], '.')]; // prettier-ignore
  }
  return [
    comment('The code, last: it changes most. By name, for the weights are there already: name new files and folders here.'),
    ...copiesAround(files ?? [], weights, flags),
  ]; // prettier-ignore
}
