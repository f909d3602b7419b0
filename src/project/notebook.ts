import { randomBytes } from 'node:crypto';
import { mkdtempDisposable, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContainer, removeContainer, startContainer, waitContainer } from '#client/containers.ts';
import { InternalError } from '#lib/errors.ts';
import { freePort } from './free-port.ts';
import { LABELS } from './labels.ts';
import { mountedBody } from './mounted-body.ts';
import { orderImage } from './order-image.ts';
import type { Project } from './project.ts';
import { requirePort } from './replace-container.ts';
import { buildProject, type BuildOptions, type Collaborators } from './run-build.ts';
import { placeRunSecret } from './secrets/run-secret.ts';
import { watchStart } from './watch-start.ts';
import type { ProjectDockerfile } from './write-dockerfile.ts';

export interface NotebookOptions extends BuildOptions {
  /** Port of 127.0.0.1; otherwise the first that is free from Jupyter's usual one on. */
  port?: number | undefined;
  timeoutMs?: number | undefined;
}

/** Jupyter that runs; disposing takes it away. */
export interface Notebook extends AsyncDisposable {
  container: string;
  /** With the token. */
  url: string;
  /** Until it ends, or `signal` aborts. */
  untilEnd: (signal: AbortSignal) => Promise<void>;
}

const PORT = 8888;
const TOKEN_PATH = '/run/secrets/jupyter-token';
const DEFAULT_TIMEOUT_MS = 120_000;

/** Starts Jupyter in a project's image: the folder is mounted, and what is written in it belongs to whoever called. */
export async function openNotebook(tools: Collaborators, project: Project, options: NotebookOptions = {}): Promise<Notebook> {
  const { client, report } = tools;
  await requirePort(undefined, options.port);
  report.say(`building the image of ${project.name}`);
  const image = await withJupyter(tools, project, { base: await buildProject(tools, project, options), options });
  const token = randomBytes(24).toString('hex');
  const secret = await placeRunSecret(`${project.mark}-jupyter-token`, token);
  const outer = options.port ?? (await freePort(PORT));
  const body = await mountedBody(client, project, {
    image,
    command: jupyterCommand(project),
    purpose: 'notebook',
    terminal: false,
    environment: [`JUPYTER_TOKEN_FILE=${TOKEN_PATH}`, 'JUPYTER_RUNTIME_DIR=/tmp/jupyter', 'JUPYTER_PLATFORM_DIRS=1'],
    port: { inner: PORT, outer },
    mounts: [{ Type: 'bind', Source: secret, Target: TOKEN_PATH, ReadOnly: true }],
  });
  const name = `${project.name}-notebook`;
  await removeContainer(client, name, { force: true, volumes: true }).catch(() => {});
  const { Id: id } = await createContainer(client, body, { name, hostCa: true });
  const remove = async (): Promise<void> => {
    await removeContainer(client, id, { force: true, volumes: true }).catch(() => {});
    await rm(secret, { force: true });
  };
  try {
    const startedAt = performance.now();
    await startContainer(client, id);
    report.say('waiting for Jupyter to answer');
    const address = { host: '127.0.0.1', port: outer };
    const service = { id, name, address, path: '/api', project, startedAt, undo: async () => name };
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
    await watchStart(tools, service, { timeoutMs, signal });
    const untilEnd = async (over: AbortSignal): Promise<void> => {
      const { exit } = await waitContainer(client, id, { condition: 'not-running', signal: over });
      await exit.catch(() => {}); // ended by the signal, or with the engine
    };
    return { container: name, url: `http://127.0.0.1:${outer}/lab?token=${token}`, untilEnd, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
} // prettier-ignore

function jupyterCommand({ owner }: Project): string[] {
  const root = owner.uid === 0 ? ['--allow-root'] : [];
  return ['jupyter', 'lab', '--ip=0.0.0.0', `--port=${PORT}`, '--no-browser', ...root];
}

/** The project's image with Jupyter on top: the image itself stays what is served. */
async function withJupyter(
  { client, report }: Collaborators,
  { name, place, credentials }: Project,
  { base, options }: { base: string; options: NotebookOptions },
): Promise<string> {
  report.say('adding Jupyter');
  const tag = `berth/${name}-notebook:latest`;
  const secrets = credentials.values;
  const mounts = [
    ...(secrets.has('pip.conf') ? ['--mount=type=secret,id=pip.conf,target=/etc/pip.conf '] : []),
    ...(secrets.has('netrc') ? ['--mount=type=secret,id=netrc,target=/root/.netrc '] : []),
  ];
  const text = `FROM ${base}\nUSER root\nRUN ${mounts.join('')}pip install --no-cache-dir jupyterlab ipykernel\n`;
  const dockerfile: ProjectDockerfile = {
    text, textFor: () => text, copies: [], isOwn: false, isInFolder: false, ignore: undefined, extra: new Map(),
  }; // prettier-ignore
  await using empty = await mkdtempDisposable(join(tmpdir(), 'berth-notebook-'));
  const lines: string[] = [];
  try {
    const labels = { [LABELS.project]: name, [LABELS.directory]: place };
    const order = { tag, labels, noCache: false, splitPackages: true, secrets, signal: options.signal };
    for await (const line of orderImage(client, { directory: empty.path, dockerfile, filter: undefined }, order)) {
      lines.push(line);
      report.detail(line.trimEnd());
    }
  } catch (error) {
    if (options.signal?.aborted !== true) report.quote(lines.slice(-20).map((line) => line.trimEnd()));
    throw new InternalError(`Jupyter could not be installed: ${(error as Error).message}`, {
      why: 'the last lines of pip are above',
      hint: 'add jupyterlab to the requirements, in a version that goes with the others',
      cause: error,
    });
  }
  return tag;
}
