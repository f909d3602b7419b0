import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { BuildRun } from '../../build-run.ts';
import type { Layer } from '../../layers.ts';
import type { PlannedStage } from '../../stages/plan.ts';
import { openView } from '../../workspace.ts';
import type { BuiltImage } from '../built-image.ts';

/** A tree whose packages are told. */
export interface ScanPlace {
  /** Of the document: `sbom` for the result itself. */
  name: string;
  open(): Promise<{ root: Root } & AsyncDisposable>;
}

const CONTEXT = 'BUILDKIT_SBOM_SCAN_CONTEXT';
const STAGE = 'BUILDKIT_SBOM_SCAN_STAGE';

/** The result, and what of the context and the other stages the build asks for by arguments that BuildKit knows. */
export async function scanPlaces({ result: { build, state } }: BuiltImage): Promise<ScanPlace[]> {
  const places = [{ name: 'sbom', open: () => openTree(build, state.layers.at(-1)) }];
  for (const planned of build.plan.stages) {
    const { index, from } = planned.stage;
    if (index === build.plan.target.stage.index || !isStageWanted(build, planned)) continue;
    const stage = await build.results.get(index);
    places.push({ name: `sbom-${from.name ?? `stage-${index}`}`, open: () => openTree(build, stage?.layers.at(-1)) });
  }
  if (isOn(argument(build, CONTEXT, build.plan.target)))
    places.push({ name: 'sbom-context', open: () => openContext(build) });
  return places;
}

function isStageWanted(build: BuildRun, planned: PlannedStage): boolean {
  const value = argument(build, STAGE, planned);
  const { from, index } = planned.stage;
  const names = value.toLowerCase().split(',');
  return isOn(value) || names.includes(String(index)) || (from.name !== undefined && names.includes(from.name));
}

/** As the stage sees it: passed, declared in the stage, or declared before all. */
function argument({ request, plan }: BuildRun, name: string, { stage }: PlannedStage): string {
  const declared = stage.instructions.flatMap((instruction) => (instruction.kind === 'arg' ? instruction.args : []));
  const own = declared.find((arg) => arg.name === name)?.value;
  return request.buildArgs.get(name) ?? own ?? new Map(plan.scope.args()).get(name) ?? '';
}

function isOn(value: string): boolean {
  return /^(1|t|true)$/i.test(value);
}

async function openTree({ context }: BuildRun, layer: Layer | undefined): Promise<{ root: Root } & AsyncDisposable> {
  const view = await openView(context, layer);
  const root = openRoot(view.path);
  return {
    root,
    async [Symbol.asyncDispose]() {
      root[Symbol.dispose]();
      await view[Symbol.asyncDispose]();
    },
  };
}

async function openContext({ files }: BuildRun): Promise<{ root: Root } & AsyncDisposable> {
  const { root } = await files.context();
  return { root, async [Symbol.asyncDispose]() {} };
}
