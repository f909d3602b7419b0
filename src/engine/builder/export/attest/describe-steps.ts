import type { StageInstruction } from '#dockerfile/instruction.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { BuildRun } from '../../build-run.ts';

/** Steps of a build as provenance tells them. */
export interface DescribedSteps {
  steps: readonly { id: string; op: object; inputs?: readonly string[] }[];
  /** Where in which file each stands. */
  source: object;
  /** What the last one came to. */
  layers?: Readonly<Record<string, readonly (readonly object[])[]>>;
}

/** All that the target needs, stage by stage. */
export function describeSteps({ plan, files }: BuildRun, layers: readonly Descriptor[]): DescribedSteps {
  const steps: DescribedSteps['steps'][number][] = [];
  const locations: Record<string, object> = {};
  const last = new Map<number, string>();
  const add = (op: object, before: readonly string[], lines: { line: number; endLine: number }): string => {
    const id = `step${steps.length}`;
    steps.push({ id, op: { Op: op }, ...(before.length > 0 && { inputs: before.map((input) => `${input}:0`) }) });
    const range = { start: { line: lines.line }, end: { line: lines.endLine } };
    locations[id] = { locations: [{ ranges: [range] }] };
    return id;
  };
  for (const { stage, base, baseStage, needs } of plan.stages) {
    const below = baseStage === undefined ? undefined : last.get(baseStage.index);
    const others = [...needs].flatMap((index) => last.get(index) ?? []).filter((id) => id !== below);
    const begin =
      baseStage === undefined && base !== 'scratch' ? { source: { identifier: `docker-image://${base}` } } : {};
    let id = below ?? add(begin, [], stage.from.node);
    for (const [index, instruction] of stage.instructions.entries())
      id = add(operation(instruction), index === 0 ? [id, ...others] : [id], instruction.node);
    last.set(stage.index, id);
  }
  const target = last.get(plan.target.stage.index) ?? 'step0';
  const data = Buffer.from(files.dockerfile.text).toString('base64');
  return {
    steps,
    source: { locations, infos: [{ filename: files.dockerfile.name, language: 'Dockerfile', data }] },
    ...(layers.length > 0 && { layers: { [`${target}:0`]: [layers] } }),
  };
}

function operation(instruction: StageInstruction): object {
  const { node } = instruction;
  if (instruction.kind !== 'run') return { file: { description: node.original } };
  const { command } = instruction;
  return { exec: { meta: { args: command.form === 'shell' ? ['/bin/sh', '-c', ...command.args] : command.args } } };
}
