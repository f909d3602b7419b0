import { writeFile } from 'node:fs/promises';
import type { BuildOrder } from '#api/build-order.ts';
import type { RegistryAuth } from '#api/auth-header.ts';
import { engineStatus } from '#client/system.ts';
import type { Client } from '#client/transport.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { baseImages } from '#ml/detect/own-dockerfile.ts';
import { ensureBase } from '#project/ensure-base.ts';
import { buildClassic } from '../../build/build-classic.ts';
import { writeOrder } from '../../build/build-order.ts';
import { type BuildSource, openBuildSource } from '../../build/build-source.ts';
import { buildArguments } from '../../build/build-values.ts';
import { checkPlaces } from '../../build/deliver-output.ts';
import { BUILD_OPTIONS, type BuildOptions } from '../../build/options.ts';
import { BuildFailure, type BuiltLine, runOrder } from '../../build/run-order.ts';
import { type BuildView, openBuildView, type ProgressForm } from '../../build/show-build.ts';
import { tellFailure } from '../../build/tell-failure.ts';
import { nameFindings, tellFindings } from '../../build/tell-findings.ts';
import { type Context, defineCommand } from '../../command.ts';
import type { Output } from '../../output/output.ts';
import { openProjectReport } from '../../output/project-report.ts';
import { UsageError } from '../../parse-options.ts';
import { registryAuths } from '../../registry-auth.ts';

/** `berth build` */
export const build = defineCommand({
  usage: '[options] PATH|URL|-',
  details: '`-` reads a tar archive, or a Dockerfile, from standard input.',
  options: BUILD_OPTIONS,
  words: { min: 1, max: 1 },
  async run(context, { options, words: [place = '.'] }) {
    const source = await openBuildSource(place, options.file);
    if (options.print !== undefined)
      return (await import('../../build/print.ts')).printSource(context.output, source, options);
    const client = await context.client();
    const bases = basesOf(source, options);
    if (options.check !== undefined && !['', 'true', 'error'].includes(options.check))
      throw new UsageError(`--check may be =error, not ${JSON.stringify(options.check)}`);
    if (!options.pull && options.check === undefined) await ensureBases(context, client, bases);
    const auth = await registryAuths(bases);
    const id = await buildAnywhere(context, client, { options, source, auth });
    if (options.quiet && id !== '') context.output.line(id);
    if (options.iidfile !== undefined) await writeFile(options.iidfile, id);
    return 0;
  },
});

/** @returns the image's id; empty where none was asked for */
async function buildAnywhere(context: Context, client: Client, ordered: Ordered): Promise<string> {
  const { output, signal } = context;
  const { options, source, auth } = ordered;
  try {
    // An archive is read once: whether the engine takes the order is asked before. Else it is just tried.
    if (source.folder === undefined) await engineStatus(client);
    return (await buildOurs(context, client, ordered)).image ?? '';
  } catch (error) {
    if (!(error instanceof NotFoundError) || (await isOurs(client))) throw error;
    return await buildClassic(options, source, { client, output, auth, signal });
  }
}

async function isOurs(client: Client): Promise<boolean> {
  return engineStatus(client).then(
    () => true,
    () => false,
  );
}

/** Images that the Dockerfile begins with, and that the engine is to have. */
function basesOf({ dockerfile }: BuildSource, options: BuildOptions): string[] {
  if (dockerfile.text === undefined) return [];
  const named = new Set(options['build-context'].map((text) => text.split('=', 1)[0]?.toLowerCase()));
  // Of a stage that a context stands for, the base is not needed.
  const text = withArguments(dockerfile.text, options).replaceAll(
    /^[ \t]*FROM[ \t].*[ \t]AS[ \t]+(\S+)[ \t]*$/gim,
    (line, name: string) => (named.has(name.toLowerCase()) ? '' : line),
  );
  return baseImages(text).filter((name) => !named.has(name.toLowerCase()));
}

/** Bases that no registry gave yet may have stand-ins. */
async function ensureBases({ output, signal }: Context, client: Client, bases: readonly string[]): Promise<void> {
  const report = openProjectReport(output, { verbose: false, keepStdout: true });
  for (const image of bases) await ensureBase({ client, report }, image, { signal });
}

interface Ordered {
  options: BuildOptions;
  source: BuildSource;
  auth: Readonly<Record<string, RegistryAuth>>;
}

async function buildOurs(
  { output, signal }: Context,
  client: Client,
  { options, source, auth }: Ordered,
): Promise<BuiltLine> {
  const order = await writeOrder(options, source, auth);
  checkPlaces(order.outputs ?? [], output);
  const started = Date.now();
  const form = progressForm(output, options);
  // What is JSON stays JSON; what was asked for in another form is told in that.
  const isTold = !options.quiet && (form !== 'rawjson' || options.format !== undefined);
  using view = openBuildView(output, form);
  const built = await runOrder(order, { client, output, view, archive: source.archive, signal }).catch(
    (error: unknown) => {
      view.end();
      if (!(error instanceof BuildFailure)) throw error;
      if (isTold) showFindings(output, { view, options, source });
      throw tellFailure(output, error, { board: view.board, form, source });
    },
  );
  view.end();
  if (isTold) showFindings(output, { view, options, source });
  if (options.check === 'error') refuseFindings(view.board);
  if (isTold && order.check !== 'only') tellBuilt(output, { built, order, view, ms: Date.now() - started });
  if (options.lock !== undefined) await writeFile(options.lock, built.lock ?? '');
  if (options['metadata-file'] !== undefined)
    await writeFile(options['metadata-file'], `${JSON.stringify(built.response, null, 2)}\n`);
  if (options.profile !== undefined)
    await (
      await import('../../build/profile.ts')
    ).tellProfile(output, client, { ref: order.ref, path: options.profile });
  return built;
}

/** Hints do not count. @throws {InvalidArgumentError} */
function refuseFindings({ findings }: BuildView['board']): void {
  const count = findings.filter(({ severity }) => severity !== 'hint').length;
  if (count === 0) return;
  throw new InvalidArgumentError(`${count} ${count === 1 ? 'mistake was' : 'mistakes were'} found`, {
    why: '--check=error lets none pass',
    hint: 'mend what is named above, or leave a rule out with a line # check=skip=RULE at the head of the Dockerfile',
  });
}

/** In full where they were asked for. */
function showFindings(
  output: Output,
  { view, options, source }: { view: BuildView; options: BuildOptions; source: BuildSource },
): void {
  if (options.check === undefined && options.format === undefined) nameFindings(output, view.board, source);
  else tellFindings(output, view.board, { form: options.format, source });
}

function progressForm({ stderr }: Output, { progress, quiet }: BuildOptions): ProgressForm {
  if (quiet) return 'quiet';
  if (progress === undefined || progress === 'auto')
    return stderr.isTTY && process.env['TERM'] !== 'dumb' ? 'tty' : 'plain';
  if (progress === 'tty' || progress === 'plain' || progress === 'rawjson' || progress === 'quiet') return progress;
  throw new UsageError(`--progress is auto, tty, plain, rawjson or quiet, not ${JSON.stringify(progress)}`);
}

function tellBuilt(
  output: Output,
  { built, order, view, ms }: { built: BuiltLine; order: BuildOrder; view: BuildView; ms: number },
): void {
  // What is fetched, and what is done with the result, is no step.
  const rows = [...view.board.rows.values()].filter(({ name }) => /^\[(?!internal\b)[^\]]*\] (?!FROM )/.test(name));
  const cached = rows.filter(({ isCached }) => isCached).length;
  const names = order.tags ?? [];
  const name = names.length > 0 ? ` as ${names.join(', ')}` : '';
  const image =
    built.image === undefined ? '' : ` ${built.image.slice('sha256:'.length, 'sha256:'.length + 12)}${name}`;
  const share = `, ${cached} of ${rows.length} ${rows.length === 1 ? 'step' : 'steps'} from earlier builds`;
  const time = `${(ms / 1000).toFixed(1)} s`;
  output.note(`${output.style('stderr')('green', 'built')}${image} in ${time}${rows.length === 0 ? '' : share}`);
}

/** The Dockerfile with the values that its first ARGs get: a base image may be named by one. */
function withArguments(text: string, options: BuildOptions): string {
  return Object.entries(buildArguments(options['build-arg'])).reduce(
    (changed, [name, value]) =>
      value === null
        ? changed
        : changed.replace(
            new RegExp(`^(\\s*ARG\\s+${RegExp.escape(name)})(=.*)?$`, 'im'),
            (_, head: string) => `${head}=${value}`,
          ),
    text,
  );
}
