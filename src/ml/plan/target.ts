import type { ProjectFacts } from '../detect/project.ts';
import type { Decision, Finding, PlanTarget, ProjectPlan } from './plan.ts';

export const PLAN_TARGETS: readonly PlanTarget[] = ['local', 'kubernetes', 'ecs', 'batch', 'sagemaker'];

/** Kinds that our serving runtime starts: it answers in SageMaker's words as in those of others. */
const RUNTIME_KINDS: ReadonlySet<string> = new Set(['handler', 'model']);
const SAGEMAKER_PORT = 8080;

/** What the place that the image will run in changes: port, account, entry, shared memory. */
export function planFor(plan: ProjectPlan, facts: ProjectFacts, target: PlanTarget): ProjectPlan {
  const own = { ...plan, target };
  if (target === 'sagemaker') return forSagemaker(own, facts);
  const memory = plan.shmBytes === null ? [] : memoryDecisions(target, plan.shmBytes);
  const findings = target === 'ecs' ? ecsFindings(plan) : target === 'batch' ? batchFindings(plan) : [];
  return { ...own, decisions: [...plan.decisions, ...memory], findings: [...plan.findings, ...findings] };
}

function memoryDecisions(target: PlanTarget, bytes: number): Decision[] {
  const mebibytes = Math.ceil(bytes / 1024 ** 2);
  const how: Partial<Record<PlanTarget, readonly [choice: string, why: string]>> = {
    kubernetes: [`emptyDir {medium: Memory, sizeLimit: ${mebibytes}Mi} at /dev/shm`, 'Kubernetes has no other way to more shared memory; it counts against the memory limit'],
    ecs: [`linuxParameters.sharedMemorySize ${mebibytes}`, 'ECS sets it in the task definition, on EC2 only'],
    batch: [`linuxParameters.sharedMemorySize ${mebibytes}`, 'AWS Batch sets it in the job definition'],
  };
  const row = how[target];
  return row === undefined ? [] : [{ subject: 'memory', choice: row[0], why: row[1], source: `the manual of ${target}; 2026-11` }];
} // prettier-ignore

function forSagemaker(plan: ProjectPlan, facts: ProjectFacts): ProjectPlan {
  const decisions: Decision[] = [
    { subject: 'user', choice: 'root', why: 'SageMaker mounts /opt/ml for root', source: 'SageMaker, "Use your own inference code"; 2026-11' },
  ];
  const source = 'SageMaker, "Custom inference code with hosting services"; 2026-11';
  if (plan.start === null || plan.port === null) return { ...plan, decisions: [...plan.decisions, ...decisions] };
  decisions.push({ subject: 'port', choice: String(SAGEMAKER_PORT), why: 'SageMaker asks on it', source });
  const start = { ...plan.start, command: plan.start.command.map((word) => withPort(word, plan.port ?? SAGEMAKER_PORT)) };
  const contract = RUNTIME_KINDS.has(plan.start.kind) ? [] : contractFindings(facts, plan.start.module);
  return {
    ...plan, start, port: SAGEMAKER_PORT, health: contract.length === 0 ? '/ping' : plan.health,
    decisions: [...plan.decisions, ...decisions, { subject: 'health', choice: '/ping', why: 'SageMaker asks it before it sends requests, and wants an answer within two seconds', source }],
    findings: [...contract, ...plan.findings],
  };
} // prettier-ignore

function withPort(word: string, port: number): string {
  return word.replace(new RegExp(`(?<=^|[:=])${port}$`), String(SAGEMAKER_PORT));
}

function contractFindings({ modules }: ProjectFacts, module: string): Finding[] {
  const paths = new Set(modules.flatMap(({ routes }) => routes.map(({ path }) => path)));
  const missing = ['/ping', '/invocations'].filter((path) => !paths.has(path));
  if (missing.length === 0) return [];
  return [{
    code: 'sagemaker-contract', severity: 'error', file: module, line: 1,
    message: `SageMaker asks GET /ping and POST /invocations, and the app has no ${missing.join(' and no ')}`,
    fix: 'add these routes, or write a function predict(...) that the serving runtime calls',
  }]; // prettier-ignore
}

function ecsFindings({ accelerator }: ProjectPlan): Finding[] {
  if (accelerator !== 'gpu') return [];
  return [{ code: 'no-gpu-on-fargate', severity: 'warning', file: null, line: null, message: 'Fargate has no GPUs: this image needs instances of EC2', fix: 'use a capacity provider of EC2, or plan with --cpu' }]; // prettier-ignore
}

function batchFindings({ training, start }: ProjectPlan): Finding[] {
  if (training !== null || start?.kind === 'script') return [];
  return [{ code: 'service-as-job', severity: 'warning', file: start?.module ?? null, line: null, message: 'a job of AWS Batch ends by itself, and this is a service that does not', fix: 'choose another target, or name a training script' }]; // prettier-ignore
}
