import { createNetwork, inspectNetwork } from '#client/networks.ts';
import type { Client } from '#client/transport.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { LABELS } from './labels.ts';
import { type Project, serviceProject } from './project.ts';
import type { Collaborators } from './run-build.ts';
import { type Served, type ServeOptions, serveProject } from './serve.ts';

/** A service of a folder that answers. */
export interface ServedPart {
  name: string;
  served: Served;
}

/**
 * Serves each of a folder's services in a container of its own. They share a network, on which each is reached by its name. The first that
 * cannot be served ends it; those before it go on.
 * @throws {InvalidArgumentError} for a port, which only one of them could have
 */
export async function serveServices(
  tools: Collaborators,
  project: Project,
  options: ServeOptions = {},
): Promise<ServedPart[]> {
  const { services } = project.plan;
  const names = services.map(({ name }) => name).join(', ');
  if (options.port !== undefined)
    throw new InvalidArgumentError(`${project.name} has several services, and one port is not enough for them`, {
      why: `they are ${names}`,
      hint: 'leave --port out, or name the folder of one of them',
    });
  tools.report.say(`${project.name} has ${services.length} services: ${names}`);
  const network = await networkFor(tools.client, project);
  const parts: ServedPart[] = [];
  for (const service of services) {
    if (service.plan.port === null) {
      tools.report.warn(`${service.name} listens on no port and is not started here (the compose file of berth init starts it)`);
      continue;
    }
    const own = await serviceProject(project, service);
    const alias = service.name.toLowerCase().replace(/[^a-z0-9-]+/g, '-');
    parts.push({ name: service.name, served: await serveProject(tools, own, { ...options, network: { name: network, alias } }) });
  }
  return parts;
} // prettier-ignore

/** Whether a folder is several programs rather than one. */
export function hasServices({ plan, dockerfile }: Project): boolean {
  return !dockerfile.isOwn && plan.services.length > 1;
}

async function networkFor(client: Client, { name, mark, place }: Project): Promise<string> {
  const network = `berth-${name}-${mark}`;
  try {
    await inspectNetwork(client, network);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    await createNetwork(client, { Name: network, Labels: { [LABELS.directory]: place, [LABELS.purpose]: 'serve' } });
  }
  return network;
}
