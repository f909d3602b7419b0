import { inspectImage } from '#client/images.ts';
import type { Client } from '#client/transport.ts';
import { PROJECT_FOLDER } from '#ml/dockerfile/start-lines.ts';
import { LABELS } from './labels.ts';
import type { Project } from './project.ts';

/** Where the folder is mounted when the image's own working directory cannot be hidden. */
const OTHER_FOLDER = '/project';

export interface MountedOptions {
  image: string;
  /** What runs, without the image's entry point. */
  command: readonly string[];
  purpose: 'shell' | 'notebook';
  terminal: boolean;
  environment?: readonly string[];
  /** Port in the container and on 127.0.0.1. */
  port?: { inner: number; outer: number };
  mounts?: readonly object[];
}

/** A container of a project's image with the folder itself in the place of its code, run by the account that the folder's files belong to. */
export async function mountedBody(client: Client, project: Project, options: MountedOptions): Promise<object> {
  const { directory, place, name, owner, plan } = project;
  const { image, command, purpose, terminal, environment = [], port, mounts = [] } = options;
  const folder = await mountFolder(client, project, image);
  const inner = project.dockerfile.isOwn || plan.start === null ? '' : plan.start.directory;
  const key = port === undefined ? '' : `${port.inner}/tcp`;
  return {
    Image: image,
    Entrypoint: command.slice(0, 1),
    Cmd: command.slice(1),
    WorkingDir: inner === '' ? folder : `${folder}/${inner}`,
    User: `${owner.uid}:${owner.gid}`,
    Env: ['PYTHONUNBUFFERED=1', 'PYTHONDONTWRITEBYTECODE=1', ...accountOf(owner.uid), ...environment],
    Labels: { [LABELS.project]: name, [LABELS.directory]: place, [LABELS.purpose]: purpose },
    Tty: terminal,
    OpenStdin: purpose === 'shell',
    StdinOnce: purpose === 'shell',
    AttachStdin: purpose === 'shell',
    AttachStdout: true,
    AttachStderr: true,
    ...(port !== undefined && { ExposedPorts: { [key]: {} } }),
    HostConfig: {
      AutoRemove: purpose === 'shell',
      Mounts: [{ Type: 'bind', Source: directory, Target: folder }, ...mounts],
      ...(plan.shmBytes !== null && { ShmSize: plan.shmBytes }),
      ...(port !== undefined && { PortBindings: { [key]: [{ HostIp: '127.0.0.1', HostPort: String(port.outer) }] } }),
    },
  };
}

/** The image may know no account of that number: what looks for its home finds one that can be written to. */
function accountOf(uid: number): string[] {
  return uid === 0 ? [] : ['HOME=/tmp', 'USER=berth', 'LOGNAME=berth'];
}

/** The place of the code, unless programs of the image (a virtual environment) lie there and would be hidden. */
async function mountFolder(client: Client, { dockerfile }: Project, image: string): Promise<string> {
  if (!dockerfile.isOwn) return PROJECT_FOLDER;
  const { Config } = await inspectImage(client, image);
  const folder = Config?.WorkingDir ?? '';
  if (folder === '' || folder === '/') return OTHER_FOLDER;
  const path = (Config?.Env ?? []).find((pair) => pair.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  return path.split(':').some((part) => part.startsWith(`${folder}/`)) ? OTHER_FOLDER : folder;
}
