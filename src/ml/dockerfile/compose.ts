import type { ProjectPlan, ServicePlan } from '../plan/plan.ts';
import { comment } from './text.ts';

/** A compose file for the services of a folder: each is built in its own folder and reaches the others by name. */
export function generateCompose({ directory, services }: ProjectPlan): string {
  return [
    comment(`Written by berth for ${directory}, from what it read there. Start all of them with: docker compose up --build`),
    'services:',
    ...services.flatMap((service, index) => serviceLines(service, portsBefore(services, index))),
    ...volumeLines(services),
    '',
  ].join('\n'); // prettier-ignore
}

/** Ports of the host are given once: the next free one stands in for one that is taken. */
function portsBefore(services: readonly ServicePlan[], index: number): Set<number> {
  const taken = new Set<number>();
  for (const { plan } of services.slice(0, index)) if (plan.port !== null) taken.add(hostPort(plan.port, taken));
  return taken;
}

function hostPort(port: number, taken: ReadonlySet<number>): number {
  let free = port;
  while (taken.has(free)) free += 1;
  return free;
}

function serviceLines({ name, directory, plan }: ServicePlan, taken: ReadonlySet<number>): string[] {
  const lines = [`  ${key(name)}:`, `    build: ${text(directory === '' ? '.' : `./${directory}`)}`];
  if (plan.port !== null)
    lines.push(
      `    # On this machine only; the others reach it as ${key(name)}:${plan.port}.`,
      '    ports:',
      `      - "127.0.0.1:${hostPort(plan.port, taken)}:${plan.port}"`,
    );
  const required = plan.environment.filter(({ required: isRequired }) => isRequired);
  if (required.length > 0)
    lines.push(
      '    # It does not start without these; the values are those of the shell that calls.',
      '    environment:',
      ...required.map((variable) => `      - ${variable.name}`),
    );
  if (plan.shmBytes !== null)
    lines.push('    # More shared memory than the usual 64 MB.', `    shm_size: ${plan.shmBytes}`);
  if (plan.hubModels.length > 0)
    lines.push('    # Models that are fetched by name are fetched once.', '    volumes:', '      - hub:/var/cache/hub');
  lines.push('    restart: unless-stopped');
  return lines;
}

function volumeLines(services: readonly ServicePlan[]): string[] {
  return services.some(({ plan }) => plan.hubModels.length > 0) ? ['volumes:', '  hub:'] : [];
}

/** Names of services are narrower than those of folders. */
function key(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+/, '');
  return plain === '' ? 'service' : plain;
}

function text(value: string): string {
  return /^[\w./-]+$/.test(value) ? value : JSON.stringify(value);
}
