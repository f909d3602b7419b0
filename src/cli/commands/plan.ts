import { openProject, type Project } from '#project/project.ts';
import { type Context, defineCommand } from '../command.ts';
import { planLines, type PlanView, whyLines } from '../output/plan-lines.ts';
import { PLAN_TARGETS } from '#ml/plan/target.ts';
import type { PlanTarget } from '#ml/plan/plan.ts';
import { UsageError } from '../parse-options.ts';

const USUAL_WIDTH = 100;
const SLOW_MS = 1500;

/** `berth plan DIR` */
export const plan = defineCommand({
  usage: '[options] [DIR]',
  details:
    'Reads a folder and says how it would be built, trained and served, and why. Nothing of it is run, no engine is needed;\nthe package index is asked what the requirements bring, unless --offline says not to.',
  options: {
    python: { kind: 'text', value: 'VERSION', help: 'Python to use, such as 3.11, instead of what the project says' },
    cpu: { kind: 'flag', help: 'plan for processors, whatever the project says' },
    gpu: { kind: 'flag', help: 'plan for a GPU, whatever the project says' },
    offline: { kind: 'flag', help: 'ask no package index: versions and size stay open' },
    target: { kind: 'text', value: 'TARGET', help: 'where it will run: local, kubernetes, ecs, batch or sagemaker' },
    why: { kind: 'text', value: 'SUBJECT', help: 'everything about one decision: python, base, system, index, …' },
    dockerfile: { kind: 'flag', help: 'print the Dockerfile that is used' },
    json: { kind: 'flag', help: 'print the plan as JSON (docs/plan.md)' },
  },
  words: { min: 0, max: 1 },
  async run(context, { options, words: [directory = '.'] }) {
    const { python, cpu, gpu, offline, why, target } = options;
    if (cpu && gpu)
      throw new UsageError('--cpu and --gpu exclude each other', {
        why: 'an image is planned for one of them',
        hint: 'leave one out',
      });
    const index = offline ? 'never' : 'always';
    const accelerator = cpu ? 'cpu' : gpu ? 'gpu' : undefined;
    const opening = openProject(directory, {
      python,
      index,
      accelerator,
      target: targetOf(target),
      signal: context.signal,
    });
    const project = await toldIfSlow(context, opening, index === 'always');
    if (options.json) context.output.line(JSON.stringify(project.plan, null, 2));
    else if (options.dockerfile) context.output.line(project.dockerfile.text.trimEnd());
    else if (why !== undefined) printWhy(context, project, why);
    else for (const line of planLines(project.plan, viewOf(context, project))) context.output.line(line);
    return 0;
  },
});

/** Says what takes its time, where somebody waits. */
async function toldIfSlow<Result>({ output }: Context, work: Promise<Result>, asks: boolean): Promise<Result> {
  const text = asks ? 'asking the package index what the requirements bring …' : 'reading the folder …';
  const timer = output.stderr.isTTY ? setTimeout(() => output.note(text), SLOW_MS) : undefined;
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

function targetOf(word: string | undefined): PlanTarget | undefined {
  const target = PLAN_TARGETS.find((one) => one === word);
  if (word === undefined || target !== undefined) return target;
  throw new UsageError(`${word} is no target`, { why: `there are ${PLAN_TARGETS.join(', ')}`, hint: 'name one of these' }); // prettier-ignore
}

function viewOf({ output }: Context, { dockerfile }: Project): PlanView {
  const width = output.stdout.isTTY ? Math.max(40, output.stdout.columns) : USUAL_WIDTH;
  return { style: output.style('stdout'), width: Math.min(width, 120), hasOwnDockerfile: dockerfile.isOwn };
}

function printWhy(context: Context, project: Project, subject: string): void {
  const lines = whyLines(project.plan, subject, viewOf(context, project));
  if (lines.length === 0) {
    const known = [...new Set(project.plan.decisions.map((decision) => decision.subject))].join(', ');
    throw new UsageError(`nothing was decided about ${subject}`, { why: `the plan speaks of ${known}`, hint: 'name one of these' }); // prettier-ignore
  }
  for (const line of lines) context.output.line(line);
}
