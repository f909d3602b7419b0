import { parseHeredoc } from '#dockerfile/heredoc.ts';
import type { CopyInstruction } from '#dockerfile/instruction.ts';
import { sha256 } from '#lib/sha256.ts';
import type { StageRun } from '../build-run.ts';
import { listDigests } from '../sources/digest-source.ts';
import { applyChmod } from './chmod.ts';
import { resolveWorkdir } from './config-step.ts';
import { collectItems, type Item } from './copy-items.ts';
import { configText } from './history-text.ts';
import type { Step, StepInput } from './step.ts';
import { type CopyTarget, writeItems } from './write-items.ts';

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
  const items = await collectItems(run, instruction, resources);
  const keepOwner = instruction.kind === 'copy' && (instruction.from ?? '') !== '' && chown === undefined;
  const name = instruction.kind.toUpperCase();
  const flag = chown === undefined ? '' : `--chown=${chown} `;
  const held = resources.move();
  return {
    inputs: [
      { name: 'instruction', value: [name, instruction.parents] },
      { name: 'target', value: target },
      { name: 'owner', value: [chown ?? '', keepOwner] },
      { name: 'mode', value: chmod ?? '' },
      filesInput(items),
    ],
    createdBy: configText(run, {
      classic: `${name} ${flag}${describe(items)} in ${written} `,
      buildkit: `${describeWritten(run, instruction, { chown, chmod, written })} # buildkit`,
    }),
    resources: held,
    run: (workspace) =>
      writeItems(workspace, items, {
        target,
        chown,
        chmod,
        keepOwner,
        signal: run.build.signal,
        warn: (message) => run.build.report.remark(`[Warning] ${instruction.node.original}: ${message}`),
      }),
  };
}

/** The single files are listed only when somebody asks. */
function filesInput(items: readonly Item[]): StepInput {
  const loaded = items.flatMap((item) => (item.loaded === undefined ? [] : [item.loaded]));
  return {
    name: 'files',
    value: items.map(({ digest, loaded: here }) => [digest, here?.isArchive === true]),
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
