import { type AppFacts, findApps } from '../detect/app.ts';
import { manifestFor } from '../detect/manifest.ts';
import { type ProjectFacts, reachable, readProject } from '../detect/project.ts';
import { pythonOfDockerfile, pythonRequests } from '../detect/python-version.ts';
import { findTraining, type MissingArtifact, missingArtifacts, type TrainingFacts } from '../detect/training.ts';
import { type FileTree, folderOf } from '../files.ts';
import { decidePackages, type PackageDecisions, type PackageOptions } from './decide-packages.ts';
import { planEnvironment } from './environment.ts';
import { planModelStart } from './model-start.ts';
import { type ModelChoice, planModels } from './models.ts';
import { planHubModels } from './hub-models.ts';
import { imageDecisions } from './image-decisions.ts';
import { missingFiles } from './missing-files.ts';
import { otherApps } from './other-apps.ts';
import { type Needed, planInstall, programsOf, trimEvidence, versionsAsOf } from './install.ts';
import type { Decision, Finding, PlanTarget, ProjectPlan } from './plan.ts';
import { choosePython, type PythonChoice } from './python.ts';
import { pythonTwoFindings } from './python-two.ts';
import { exampleRequests } from './requests.ts';
import { planSecrets } from './secrets.ts';
import { planServices } from './services.ts';
import { forecastSize, packageBytes, sizeDecision } from './size.ts';
import { planStart, type StartChoice } from './start.ts';
import { planFor } from './target.ts';
import { planTraining } from './training.ts';

export interface PlanOptions extends PackageOptions {
  /** Name of the folder, for people. */
  directory: string;
  /** Python that the caller insists on. */
  python?: string | undefined;
  /** Day of the last change of the project, where it is known: `2022-04-18`. */
  lastCommit?: string | undefined;
  /** Where it will run; this machine if undefined. */
  target?: PlanTarget | undefined;
}

/** What was found in the folder and decided of its programs, before its packages. */
interface Programs {
  facts: ProjectFacts;
  apps: readonly AppFacts[];
  app: AppFacts | undefined;
  training: TrainingFacts | undefined;
  start: StartChoice | undefined;
  python: PythonChoice;
  needed: Needed;
  models: ModelChoice;
  missing: readonly MissingArtifact[];
}

/** Reads a project and decides how it is built, trained and served. The same tree, with the same answers of the index, always gives the same plan. */
export async function planProject(tree: FileTree, options: PlanOptions): Promise<ProjectPlan> {
  const facts = await readProject(tree);
  const plan = await planOne(facts, options);
  const services = await planServices(facts, findApps(facts), async (part, directory) => planOne(await readProject(part), { ...options, directory }));
  // Which of several is meant is no question where each gets its own plan.
  const findings = services.length === 0 ? plan.findings : plan.findings.filter(({ code }) => code !== 'several-apps');
  return { ...plan, findings, services };
} // prettier-ignore

async function planOne(read: ProjectFacts, options: PlanOptions): Promise<ProjectPlan> {
  const programs = await findPrograms(read, options);
  const { facts, app, training, python, needed } = programs;
  const packages = await decidePackages({
    facts, needed, options, served: app === undefined ? programsOf(undefined, training) : [app.module], programs: programsOf(app, training),
    python: { version: python.version, fits: python.fits, isFixed: options.python !== undefined || facts.pythonRequests.length > 0 },
  });
  const made = await assemble(programs, packages, options);
  const plan = options.target === undefined ? made : planFor(made, facts, options.target);
  return withSize({ ...plan, decisions: [...plan.decisions, ...(await imageDecisions(facts.tree, plan))] }, { facts, packages, options });
} // prettier-ignore

async function findPrograms(read: ProjectFacts, options: PlanOptions): Promise<Programs> {
  const apps = findApps(read);
  const training = findTraining(read)[0];
  const app = apps.find(({ module, kind }) => kind !== 'script' || module.path !== training?.module.path);
  const device = options.accelerator ?? 'cpu';
  const manifest = (await manifestFor(read.tree, app?.module.path ?? '', device)) ?? read.manifest;
  const folder = folderOf(manifest?.path ?? '');
  const near = folder === '' ? [] : await pythonRequests(read.tree, folder);
  const facts = { ...read, manifest, pythonRequests: [...near, ...read.pythonRequests] };
  const python = choosePythonFor(facts, options);
  const start = app === undefined ? (training === undefined ? planModelStart(facts) : undefined) : planStart(facts, app);
  const models = planModels(facts, programsOf(app, training));
  const listed = planInstall(facts, programsOf(app, training), { extra: [...(start?.extra ?? []), ...models.extra], python: python.version, lastCommit: options.lastCommit });
  const needed = { ...listed, install: { ...listed.install, pins: [...listed.install.pins, ...models.pins] } };
  return { facts, apps, app, training, start, python, needed, models, missing: app === undefined ? [] : missingArtifacts(facts, app) };
} // prettier-ignore

/** An own Dockerfile names its Python; only the caller's wish stands above it. */
function choosePythonFor(facts: ProjectFacts, { python: wish, lastCommit }: PlanOptions): PythonChoice {
  const own = facts.dockerfile === undefined ? undefined : pythonOfDockerfile(facts.dockerfile.text);
  const before = versionsAsOf(facts, lastCommit);
  if (wish !== undefined || own === undefined) return choosePython(facts, { version: wish, before });
  return choosePython(facts, {
    version: own,
    before,
    why: 'the Dockerfile starts from it',
    evidence: { file: 'Dockerfile', line: 1 },
  });
}

async function assemble(programs: Programs, packages: PackageDecisions, options: PlanOptions): Promise<ProjectPlan> {
  const { facts, app, training, start, python, needed, missing } = programs;
  const modules = [...new Set(programsOf(app, training).flatMap((module) => reachable(facts, module)))];
  const environment = planEnvironment(modules);
  const hubModels = planHubModels(facts.tree, modules);
  const { frameworks, accelerator, indexes, constraints, base, apt, install, shmBytes } = packages;
  return {
    schemaVersion: 1,
    directory: options.directory,
    python: { version: packages.python, why: packages.python === python.version ? python.why : 'what takes the place of an index that cannot be reached is built for it' },
    manifest: facts.manifest === undefined ? null : { path: facts.manifest.path, kind: facts.manifest.kind },
    lock: needed.lock,
    manager: needed.manager,
    frameworks, accelerator, indexes, constraints, base, apt, install,
    start: start?.start ?? null,
    port: start?.port ?? null,
    health: start?.health ?? null,
    shmBytes,
    models: programs.models.models,
    hubModels,
    environment,
    secrets: planSecrets(facts, hubModels, environment),
    size: null,
    services: [],
    training: training === undefined ? null : planTraining(facts, training),
    missing: missing.map(({ path, reader, writer, training: by }) => ({
      path, readBy: { file: reader.file, line: reader.line }, writtenBy: { file: writer.file, line: writer.line }, training: by.module.path,
    })),
    requests: app === undefined ? [] : await exampleRequests(facts, app),
    findings: findingsOf(programs, packages),
    unknown: [...facts.unknown, ...packages.unknown],
    decisions: decisionsOf(programs, packages),
  };
} // prettier-ignore

function decisionsOf(
  { python, needed, start, training, missing, models }: Programs,
  packages: PackageDecisions,
): Decision[] {
  const own: Decision = { subject: 'python', choice: python.version, why: python.why, evidence: python.evidence };
  // Where another Python takes the place of the one that fits best, the packages say why.
  const first = packages.python === python.version ? [own, needed.decision] : [needed.decision];
  const rest = packages.decisions;
  return [...rest.filter(({ subject }) => subject === 'python'), ...first, ...rest.filter(({ subject }) => subject !== 'python'), ...models.decisions, ...(start?.decisions ?? []), ...trainingDecisions(training, missing)].map(trimEvidence); // prettier-ignore
}

function findingsOf(programs: Programs, packages: PackageDecisions): Finding[] {
  const { facts, apps, app, training, start, python, needed, models } = programs;
  const all = [
    ...python.findings, ...needed.findings, ...packages.findings, ...(start?.findings ?? []), ...pythonTwoFindings(programsOf(app, training).flatMap((module) => reachable(facts, module))),
    ...missingFiles(facts, app?.module), ...otherApps(app, apps), ...models.findings, ...nothingToRun(programs),
  ];
  const seen = new Map(all.map((finding) => [JSON.stringify([finding.code, finding.file, finding.line, finding.message]), finding]));
  const order = { error: 0, warning: 1, note: 2 };
  return [...seen.values()].toSorted((a, b) => order[a.severity] - order[b.severity]);
} // prettier-ignore

function trainingDecisions(training: TrainingFacts | undefined, missing: readonly MissingArtifact[]): Decision[] {
  if (training === undefined) return [];
  const decisions: Decision[] = [
    {
      subject: 'training',
      choice: `python ${training.module.path}`,
      why: training.why,
      evidence: { file: training.module.path, line: 1 },
    },
  ];
  for (const { path, reader, writer } of missing)
    decisions.push({
      subject: 'model',
      choice: `train ${path} first`,
      why: `${reader.file}:${reader.line} opens it, it is not there, and ${writer.file}:${writer.line} writes it`,
      evidence: { file: reader.file, line: reader.line },
    });
  return decisions;
}

async function withSize(
  plan: ProjectPlan,
  { facts, packages, options }: { facts: ProjectFacts; packages: PackageDecisions; options: PlanOptions },
): Promise<ProjectPlan> {
  if (packages.resolved === undefined && (options.index === undefined || plan.install.arguments.length > 0)) return plan;
  const own = packageBytes(packages.resolved ?? []);
  const usual = packages.usual === undefined ? own : packageBytes(packages.usual);
  const size = await forecastSize({ tree: facts.tree, plan, packages: own, usualPackages: usual });
  return { ...plan, size, decisions: [...plan.decisions, sizeDecision(size, own)] };
} // prettier-ignore

function nothingToRun({ facts, start, training }: Programs): Finding[] {
  if (start !== undefined || training !== undefined || facts.dockerfile !== undefined) return [];
  const isEmpty = facts.modules.length === 0 && facts.notebooks.length === 0;
  const message = isEmpty ? 'there is no Python file in this folder' : 'no program was found that serves or trains';
  return [
    {
      code: 'nothing-to-run',
      severity: 'error',
      message,
      file: null,
      line: null,
      fix: 'name the folder of the project, or write a Dockerfile',
    },
  ];
}
