import { HUB_FOLDER } from '#ml/dockerfile/start-lines.ts';
import { LABELS } from './labels.ts';
import type { Project } from './project.ts';
import { placeRunSecret } from './secrets/run-secret.ts';

/** Volume with models that were fetched by name; all projects share it. */
export const HUB_VOLUME = 'berth-hub';
const TOKEN_PATH = '/run/secrets/hf-token';

export interface ServiceOptions {
  image: string;
  /** Port in the container. */
  inner: number;
  /** Network to join under this name, beside other services of the folder. */
  network?: { name: string; alias: string } | undefined;
  /** Variables for the program, as `NAME=VALUE`; they stand above those that Berth sets. */
  environment?: readonly string[] | undefined;
  /** Put before the image's own command. */
  wrapper?: readonly string[] | undefined;
  /** The image's own entry point and command, where `wrapper` is put before them. */
  command?: readonly string[] | undefined;
}

/** How a project's service is created, as a function of the port on 127.0.0.1. */
export async function serviceBody(project: Project, options: ServiceOptions): Promise<(port: number) => object> {
  const { name, place, plan, dockerfile, credentials, mark } = project;
  const { image, inner, network, wrapper, command = [], environment: wanted = [] } = options;
  const mounts: object[] = [];
  const environment: string[] = [];
  if (!dockerfile.isOwn && plan.hubModels.length > 0)
    mounts.push({ Type: 'volume', Source: HUB_VOLUME, Target: HUB_FOLDER });
  if (credentials.hubToken !== undefined) {
    const source = await placeRunSecret(`${mark}-hf-token`, credentials.hubToken);
    mounts.push({ Type: 'bind', Source: source, Target: TOKEN_PATH, ReadOnly: true });
    environment.push(`HF_TOKEN_PATH=${TOKEN_PATH}`);
  }
  return (port) => ({
    Image: image,
    ...(wrapper !== undefined && { Entrypoint: wrapper, Cmd: command }),
    Env: [...environment, ...wanted],
    ExposedPorts: { [`${inner}/tcp`]: {} },
    Labels: { [LABELS.project]: name, [LABELS.directory]: place, [LABELS.purpose]: 'serve' },
    HostConfig: {
      PortBindings: { [`${inner}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
      ...(mounts.length > 0 && { Mounts: mounts }),
      ...(plan.shmBytes !== null && { ShmSize: plan.shmBytes }),
      ...(network !== undefined && { NetworkMode: network.name }),
    },
    ...(network !== undefined && { NetworkingConfig: { EndpointsConfig: { [network.name]: { Aliases: [network.alias] } } } }),
  }); // prettier-ignore
}
