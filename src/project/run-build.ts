import { type Client } from '#client/transport.ts';
import { formatEngineAddress } from '#client/address.ts';
import { CancelledError, InternalError, InvalidArgumentError } from '#lib/errors.ts';
import { baseImages } from '#ml/detect/own-dockerfile.ts';
import { explain } from '#ml/explain/explain.ts';
import { ensureBase } from './ensure-base.ts';
import { LABELS } from './labels.ts';
import { EXTRA_CONTEXT, orderImage } from './order-image.ts';
import { compileIgnore, ignoreLines } from '#dockerfile/ignore.ts';
import type { ContextFilter } from './pack-context.ts';
import type { Project } from './project.ts';
import type { Report } from './report.ts';
import { warnAboutSize } from './warn-about-size.ts';

export interface Collaborators {
  client: Client;
  report: Report;
}

export interface BuildOptions {
  noCache?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Lines of a failed build that are shown. */
const LAST_LINES = 25;
const LINE_CHARACTERS = 300;

/** The name a project's image gets. */
export function imageOf({ name }: Project): string {
  return `berth/${name}:latest`;
}

/**
 * Builds a project's image, from its own Dockerfile or from the one that its plan gives.
 * @throws {InternalError} with the build's last lines and what they mean, when a step fails
 */
export async function buildProject(
  { client, report }: Collaborators,
  project: Project,
  { noCache = false, signal }: BuildOptions = {},
): Promise<string> {
  requireOwnMachine(client);
  const images = baseImages(project.dockerfile.text).filter((image) => image !== EXTRA_CONTEXT);
  for (const image of images) await ensureBase({ client, report }, image, { signal });
  const lines: string[] = [];
  const tail = (text: string): void => {
    for (const line of text.split('\n').filter((part) => part.trim() !== '')) {
      lines.push(line);
      report.detail(line);
    }
  };
  const filter = await ignoreOf(project);
  warnAboutSize(project.tree.files, filter, report);
  const labels = { [LABELS.project]: project.name, [LABELS.directory]: project.place };
  try {
    // A Dockerfile that people wrote stays what they made it; ours may be as quick as it can.
    const splitPackages = !project.dockerfile.isOwn;
    const secrets = project.dockerfile.isOwn ? new Map<string, Buffer>() : project.credentials.values;
    const order = { tag: imageOf(project), labels, noCache, splitPackages, secrets, signal };
    const { directory, dockerfile } = project;
    for await (const text of orderImage(client, { directory, dockerfile, filter }, order)) tail(text);
  } catch (error) {
    if (signal?.aborted === true)
      throw new CancelledError(`the build of ${project.name} was stopped`, { cause: error });
    throw buildError({ error, lines, report }, project);
  }
  return imageOf(project);
}

function shorten(line: string): string {
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line;
}

/** The folder is mounted and the service is asked on 127.0.0.1: both mean the engine's machine. */
function requireOwnMachine({ address }: Client): void {
  if (address.kind === 'unix' || /^(localhost|127\.|::1$)/.test(address.host)) return;
  throw new InvalidArgumentError(`the engine at ${formatEngineAddress(address)} is on another machine`, {
    why: 'train and serve mount the folder and answer on 127.0.0.1 of the machine that the engine runs on',
    hint: 'run the command there, or build the image with berth build and run it with berth run',
  });
}

/** What .dockerignore leaves out; the Dockerfile and the list itself are always sent, for the engine reads them. */
export async function ignoreOf({ tree, dockerfile }: Project): Promise<ContextFilter | undefined> {
  const text = dockerfile.ignore ?? (await tree.read('.dockerignore'));
  if (text === undefined) return undefined;
  return compileIgnore([...ignoreLines(text), '!Dockerfile', '!.dockerignore']);
}

function buildError(
  { error, lines, report }: { error: unknown; lines: readonly string[]; report: Report },
  project: Project,
): unknown {
  if (!(error instanceof InternalError) || lines.length === 0) return error;
  const step = lines.findLastIndex((line) => line.startsWith('Step '));
  report.quote(lines.slice(Math.max(step, 0)).slice(-LAST_LINES).map(shorten));
  const meaning = explain(lines.join('\n'), { manifest: project.plan.manifest?.path });
  return new InternalError(`the image of ${project.name} could not be built: ${error.message}`, {
    why:
      meaning?.cause ??
      (error.why?.includes('\n') === false ? error.why : 'a step of the build failed; its last lines are above'),
    hint: meaning?.fix ?? error.hint ?? 'mend the step that failed and try again',
    cause: error,
  });
}
