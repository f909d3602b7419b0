import type { Decision, Finding, ProjectPlan } from '#ml/plan/plan.ts';
import { humanBytes } from '#ml/plan/size.ts';
import type { Style } from './output.ts';
import { cleanLine, cutTo, padTo } from './text.ts';

/** How a plan is shown. */
export interface PlanView {
  style: Style;
  /** Columns; the lines are cut to them. */
  width: number;
  /** The folder's own Dockerfile is what is built. */
  hasOwnDockerfile: boolean;
}

const NAMES: Readonly<Record<string, string>> = { gpu: 'GPU', cpu: 'CPU', rocm: 'ROCm', none: '' };
const MARKS = { error: ['red', '✗'], warning: ['yellow', '!'], note: ['cyan', '·'] } as const;
const MAX_WHY_LINES = 2;

/** A plan for people: what it is, each decision with its reason in short, then what was found. */
export function planLines(plan: ProjectPlan, view: PlanView): string[] {
  const { style } = view;
  const lines = ownLines(plan, view);
  if (plan.decisions.length > 0) lines.push('', style('dim', 'More of each: berth plan --why SUBJECT'));
  return lines;
}

/** Of a folder with several services each is shown, and nothing twice. */
function ownLines(plan: ProjectPlan, view: PlanView): string[] {
  const { style } = view;
  const lines = [headline(plan, view)];
  if (plan.services.length > 0) {
    for (const { name, directory, plan: part } of plan.services) lines.push('', style('bold', `── ${cleanLine(name)} (${cleanLine(directory) || '.'})`), ...ownLines(part, view));
    return lines;
  }
  lines.push('');
  for (const [subject, decisions] of Map.groupBy(shown(plan), (decision) => decision.subject))
    lines.push(...decisions.flatMap((decision, index) => decisionLines(decision, index === 0 ? subject : '', view)));
  if (view.hasOwnDockerfile) lines.push('', 'The Dockerfile of the folder is what is built; the plan above is what would be without it.');
  for (const finding of plan.findings) lines.push('', ...findingLines(finding, view));
  for (const text of plan.unknown) lines.push('', `${style('yellow', '?')} not known: ${cleanLine(text)}`);
  return lines;
} // prettier-ignore

function headline(plan: ProjectPlan, { style }: PlanView): string {
  const { directory, services, python, accelerator, port, size } = plan;
  const own = [`Python ${python.version}`, NAMES[accelerator] ?? accelerator, port === null ? '' : `port ${port}`, size === null ? '' : humanBytes(size.unpackedBytes)];
  const parts = services.length > 0 ? [`${services.length} services`] : [kindOf(plan), ...own];
  return `${style('bold', cleanLine(directory))}  ${parts.filter((part) => part !== '').join(' · ')}`;
} // prettier-ignore

function kindOf({ start, training, port }: ProjectPlan): string {
  if (start === null) return training === null ? 'nothing to run' : 'training';
  return `${start.kind} ${port === null ? 'program' : 'service'}`;
}

/** Each decision once. */
function shown({ decisions }: ProjectPlan): Decision[] {
  const seen = new Set<string>();
  return decisions.filter(({ subject, choice, why }) => {
    const key = `${subject}\n${choice}\n${why}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const SUBJECT_WIDTH = 13;

function decisionLines({ choice, why, evidence }: Decision, subject: string, { style, width }: PlanView): string[] {
  const place = evidence === undefined ? '' : ` (${evidence.file}${evidence.line > 0 ? `:${evidence.line}` : ''})`;
  const room = Math.max(30, width - SUBJECT_WIDTH);
  const head = `${style('dim', padTo(subject, SUBJECT_WIDTH))}${style('bold', cutTo(cleanLine(choice), room))}`;
  const wrapped = wrap(`${cleanLine(why)}${cleanLine(place)}`, room);
  const kept = wrapped.slice(0, MAX_WHY_LINES);
  if (wrapped.length > MAX_WHY_LINES) kept[MAX_WHY_LINES - 1] = cutTo(`${kept[MAX_WHY_LINES - 1] ?? ''} …`, room);
  return [head, ...kept.map((line) => `${' '.repeat(SUBJECT_WIDTH)}${style('dim', line)}`)];
}

function findingLines({ severity, message, file, line, fix }: Finding, { style, width }: PlanView): string[] {
  const [colour, mark] = MARKS[severity];
  const place = file === null ? '' : `${cleanLine(file)}${line === null || line === 0 ? '' : `:${line}`}: `;
  const [first = '', ...rest] = wrap(`${place}${cleanLine(message)}`, width - 2);
  const fixes = fix === null ? [] : wrap(`→ ${cleanLine(fix)}`, width - 2).map((text) => `  ${style('dim', text)}`);
  return [`${style(colour, mark)} ${first}`, ...rest.map((text) => `  ${text}`), ...fixes];
}

/** Lines of words; a word that is longer than a line stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Everything about one subject: choices with reasons, places and sources, and the findings that speak of it. */
export function whyLines({ decisions }: ProjectPlan, subject: string, { style, width }: PlanView): string[] {
  const named = decisions.filter((decision) => decision.subject === subject);
  return named.flatMap(({ choice, why, evidence, source }) => [
    style('bold', cleanLine(choice)),
    ...wrap(cleanLine(why), width - 2).map((line) => `  ${line}`),
    ...(evidence === undefined ? [] : [`  ${style('dim', `at ${cleanLine(evidence.file)}${evidence.line > 0 ? `:${evidence.line}` : ''}`)}`]),
    ...(source === undefined ? [] : [`  ${style('dim', `by ${cleanLine(source)}`)}`]),
    '',
  ]);
} // prettier-ignore
