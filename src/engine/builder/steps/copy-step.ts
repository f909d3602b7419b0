import { parseHeredoc } from '#dockerfile/heredoc.ts';
import type { CopyInstruction } from '#dockerfile/instruction.ts';
import { sha256 } from '#lib/sha256.ts';
import type { StageRun } from '../build-run.ts';
import { listDigests } from '../sources/digest-source.ts';
import { stackBehind } from '../sources/open-from.ts';
import { applyChmod } from './chmod.ts';
import { resolveWorkdir } from './config-step.ts';
import { collectItems, type Item } from './copy-items.ts';
import { configText } from './history-text.ts';
import type { Step, StepInput } from './step.ts';
import { linkStep } from './link-step.ts';
import { type CopyTarget, writeItems, type WriteItemsOptions } from './write-items.ts';

/** COPY and ADD. */
export async function copyStep(run: StageRun, instruction: CopyInstruction): Promise<Step> {
  const { state } = run;
  const { scope } = state;
  await using resources = new AsyncDisposableStack();
  const chown = expandOptional(run, instruction.chown);
  const chmod = expandOptional(run, instruction.chmod);
  if (chmod !== undefined) applyChmod(chmod, 0, false);
  const written = scope.expand(instruction.target);
  const target = resolveTarget(state.config.WorkingDir, written);
  const shortcut = await shortcutOf(run, instruction);
  const found = shortcut === undefined ? await collectItems(run, instruction, resources) : [];
  const keepOwner = instruction.kind === 'copy' && (instruction.from ?? '') !== '' && chown === undefined;
  const name = instruction.kind.toUpperCase();
  const flag = chown === undefined ? '' : `--chown=${chown} `;
  const held = resources.move();
  const items = once(async () => (shortcut === undefined ? found : collectItems(run, instruction, held)));
  const options: WriteItemsOptions = {
    target,
    chown,
    chmod,
    keepOwner,
    signal: run.build.signal,
    warn: (message) => run.build.report.remark(`[Warning] ${instruction.node.original}: ${message}`),
  };
  // As BuildKit has it, a mode makes it a copy like any other.
  const isLinked = instruction.link && chmod === undefined;
  const inputs = [
    { name: 'instruction', value: [name, instruction.parents, isLinked] },
    { name: 'target', value: target },
    { name: 'owner', value: [chown ?? '', keepOwner] },
    { name: 'mode', value: chmod ?? '' },
  ];
  const title = configText(run, {
    classic: `${name} ${flag}${describe(found)} in ${written} `,
    buildkit: `${describeWritten(run, instruction, { chown, chmod, written })} # buildkit`,
  });
  const late = async (): Promise<StepInput[]> => [filesInput(await items())];
  return {
    ...(shortcut !== undefined && { shortcut }),
    lateInputs: late,
    inputs,
    createdBy: title,
    resources: held,
    ...(isLinked
      ? linkStep(run, { inputs: async () => [...inputs, ...(await late())], items, options, title })
      : { run: async (workspace) => writeItems(workspace, await items(), options) }),
  };
}

/** Files of layers that are the same are the same: they need not be looked at. Docker's own histories name their digest. */
async function shortcutOf(run: StageRun, instruction: CopyInstruction): Promise<Step['shortcut']> {
  const { scope } = run.state;
  const { from = '', parents, sources, exclude } = instruction;
  if (from === '' || run.build.request.history === 'classic' || instruction.heredocs.length > 0) return undefined;
  const layers = await stackBehind(run, scope.expand(from));
  if (layers === undefined) return undefined;
  const words = [...sources, ...exclude].map((word) => scope.expand(word));
  return { layers, inputs: [{ name: 'sources', value: [parents, sources.length, words] }] };
}

/** The single files are listed only when somebody asks. */
function filesInput(items: readonly Item[]): StepInput {
  const loaded = items.flatMap((item) => (item.loaded === undefined ? [] : [item.loaded]));
  return {
    name: 'files',
    value: items.map(({ digest, unpacks }) => [digest, unpacks]),
    get files() {
      return listDigests(loaded);
    },
  };
}

function expandOptional({ state }: StageRun, text: string | undefined): string | undefined {
  const expanded = text === undefined ? '' : state.scope.expand(text);
  return expanded === '' ? undefined : expanded;
}

function resolveTarget(workdir: string | undefined, written: string): CopyTarget {
  const path = resolveWorkdir(workdir, written);
  return { path, isFolder: path === '/' || /(^|\/)\.{0,2}$/.test(written) };
}

/** As BuildKit's history has it: what is written, with variables replaced. */
function describeWritten(
  { state }: StageRun,
  { kind, sources, parents }: CopyInstruction,
  { chown, chmod, written }: { chown: string | undefined; chmod: string | undefined; written: string },
): string {
  const words = sources.map((word) => {
    const heredoc = parseHeredoc(word);
    return heredoc === undefined ? state.scope.expand(word) : `<<${heredoc.name}`;
  });
  const flags = [
    ...(parents ? ['--parents'] : []),
    ...(chown === undefined ? [] : [`--chown=${chown}`]),
    ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
  ];
  return [kind.toUpperCase(), ...flags, ...words, written].join(' ');
}

/** As the history names what was copied. */
function describe(items: readonly Item[]): string {
  const [only] = items;
  if (only === undefined) return 'nothing';
  if (items.length > 1) return `multi:${sha256(items.map(({ digest }) => digest).join(' ')).slice('sha256:'.length)}`;
  return `${only.kind}:${only.digest}`;
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
