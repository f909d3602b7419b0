import { FRAMEWORKS } from '../data/frameworks.ts';
import { pythonOfDockerfile } from '../detect/python-version.ts';
import { type AppFacts, findApps } from '../detect/app.ts';
import { type ProjectFacts, readProject } from '../detect/project.ts';
import { findTraining, missingArtifacts, type TrainingFacts } from '../detect/training.ts';
import type { FileTree } from '../files.ts';
import { exactVersion } from '../version.ts';
import { planInstall, planSystem, programsOf, trimEvidence } from './install.ts';
import type { Decision, Finding, ProjectPlan, TrainingPlan } from './plan.ts';
import { choosePython, type PythonChoice } from './python.ts';
import { exampleRequests } from './requests.ts';
import { planStart } from './start.ts';

export interface PlanOptions {
  /** Name of the folder, for people. */
  directory: string;
  /** Python that the caller insists on. */
  python?: string | undefined;
}

/** Reads a project and decides how it is built, trained and served. The same tree always gives the same plan. */
export async function planProject(tree: FileTree, options: PlanOptions): Promise<ProjectPlan> {
  const facts = await readProject(tree);
  const apps = findApps(facts);
  const training = findTraining(facts)[0];
  const app = apps.find(({ module, kind }) => kind !== 'script' || module.path !== training?.module.path);
  const python = choosePythonFor(facts, options.python);
  const start = app === undefined ? undefined : planStart(facts, app);
  const needed = planInstall(facts, programsOf(app, training), start?.extra ?? []);
  const system = planSystem(facts, needed.distributions);
  const base = `python:${python.version}-slim`;
  const missing = app === undefined ? [] : missingArtifacts(facts, app);
  return {
    schemaVersion: 1,
    directory: options.directory,
    python: { version: python.version, why: python.why },
    manifest: facts.manifest === undefined ? null : { path: facts.manifest.path, kind: facts.manifest.kind },
    lock: null,
    manager: 'pip',
    frameworks: frameworksOf(facts),
    accelerator: 'cpu',
    indexes: [],
    constraints: [],
    base,
    apt: system.apt,
    install: needed.install,
    start: start?.start ?? null,
    port: start?.port ?? null,
    health: start?.health ?? null,
    shmBytes: null,
    models: [],
    hubModels: [],
    environment: [],
    secrets: [],
    size: null,
    services: [],
    training: training === undefined ? null : trainingPlan(training),
    missing: missing.map(({ path, reader, writer, training: by }) => ({
      path, readBy: { file: reader.file, line: reader.line }, writtenBy: { file: writer.file, line: writer.line }, training: by.module.path,
    })), // prettier-ignore
    requests: app === undefined ? [] : await exampleRequests(facts, app),
    findings: [...python.findings, ...needed.findings, ...(start?.findings ?? []), ...otherApps(app, apps), ...nothingToRun(facts, app, training)],
    unknown: facts.unknown,
    decisions: ([
      { subject: 'python', choice: python.version, why: python.why, evidence: python.evidence },
      { subject: 'base', choice: base, why: 'the small Debian image of that Python: nothing here needs more' },
      needed.decision,
      ...system.decisions,
      ...(start?.decisions ?? []),
      ...trainingDecisions(training, missing),
    ] satisfies Decision[]).map(trimEvidence),
  }; // prettier-ignore
}

/** An own Dockerfile names its Python; only the caller's wish stands above it. */
function choosePythonFor(facts: ProjectFacts, wish: string | undefined): PythonChoice {
  const own = facts.dockerfile === undefined ? undefined : pythonOfDockerfile(facts.dockerfile.text);
  if (wish !== undefined || own === undefined) return choosePython(facts, { version: wish });
  return choosePython(facts, {
    version: own,
    why: 'the Dockerfile starts from it',
    evidence: { file: 'Dockerfile', line: 1 },
  });
}

function trainingPlan({ module, writes }: TrainingFacts): TrainingPlan {
  return { script: module.path, command: ['python', module.path], writes: writes.map(({ path }) => path) };
}

function trainingDecisions(
  training: TrainingFacts | undefined,
  missing: ReturnType<typeof missingArtifacts>,
): Decision[] {
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

function frameworksOf(facts: ProjectFacts): ProjectPlan['frameworks'] {
  const known = new Set([...FRAMEWORKS.map(({ distribution }) => distribution), 'scikit-learn', 'torch', 'tensorflow', 'keras', 'jax', 'onnxruntime', 'xgboost', 'lightgbm', 'catboost', 'transformers', 'sentence-transformers', 'ultralytics']); // prettier-ignore
  return (facts.manifest?.requirements ?? [])
    .filter(({ name }) => known.has(name))
    .map(({ name, specifiers }) => ({ name, version: exactVersion(specifiers) ?? null, source: 'direct' as const }));
}

function otherApps(app: AppFacts | undefined, apps: readonly AppFacts[]): Finding[] {
  const others = apps.filter(
    (other) =>
      other !== app && other.kind !== 'script' && other.kind === app?.kind && !other.module.path.includes('test'),
  );
  if (app === undefined || others.length === 0) return [];
  return [{
    code: 'several-apps', severity: 'note', file: app.module.path, line: app.line, fix: null,
    message: `${app.module.path} is served; ${others.map(({ module }) => module.path).slice(0, 5).join(', ')} could be served too`,
  }]; // prettier-ignore
}

function nothingToRun(facts: ProjectFacts, app: AppFacts | undefined, training: TrainingFacts | undefined): Finding[] {
  if (app !== undefined || training !== undefined || facts.dockerfile !== undefined) return [];
  const message =
    facts.modules.length === 0
      ? 'there is no Python file in this folder'
      : 'no program was found that serves or trains';
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
