import type { ContainerConfig, Healthcheck } from '#api/container-config.ts';
import type { ContainerDefaults, Healthcheck as ImageHealthcheck } from '#oci/image-config.ts';

/** A container's config with the defaults of its image, as Docker merges them. */
export function mergeConfig(config: ContainerConfig, image: ContainerDefaults): ContainerConfig {
  const ownCommand = (config.cmd?.length ?? 0) > 0 || (config.entrypoint?.length ?? 0) > 0;
  const clearsEntrypoint = config.entrypoint?.length === 1 && config.entrypoint[0] === '';
  const entrypoint = clearsEntrypoint ? [] : config.entrypoint?.length ? config.entrypoint : image.Entrypoint;
  const cmd = ownCommand || clearsEntrypoint ? config.cmd : image.Cmd;
  return {
    ...config,
    user: config.user || (image.User ?? ''),
    workingDir: config.workingDir || (image.WorkingDir ?? ''),
    env: mergeEnv(image.Env ?? [], config.env),
    cmd: cmd ?? undefined,
    entrypoint: entrypoint ?? undefined,
    exposedPorts: united(config.exposedPorts, Object.keys(image.ExposedPorts ?? {})),
    volumes: united(config.volumes, Object.keys(image.Volumes ?? {})),
    labels: { ...image.Labels, ...config.labels },
    healthcheck: mergeHealthcheck(config.healthcheck, image.Healthcheck),
    stopSignal: config.stopSignal || (image.StopSignal ?? ''),
    shell: config.shell ?? image.Shell,
  };
}

/** The later list wins by name; the order of the first stays. */
export function mergeEnv(base: readonly string[], over: readonly string[]): string[] {
  const values = new Map<string, string>();
  for (const entry of [...base, ...over]) values.set(entry.split('=', 1)[0] ?? entry, entry);
  return [...values.values()];
}

/** The words that are executed. */
export function commandOf({ entrypoint, cmd }: ContainerConfig): string[] {
  return [...(entrypoint ?? []), ...(cmd ?? [])];
}

function united(own: readonly string[], inherited: readonly string[]): string[] {
  return [...new Set([...own, ...inherited])];
}

function mergeHealthcheck(
  own: Healthcheck | undefined,
  inherited: ImageHealthcheck | undefined,
): Healthcheck | undefined {
  if (own === undefined && inherited === undefined) return undefined;
  return {
    test: own?.test?.length ? own.test : inherited?.Test,
    interval: own?.interval || (inherited?.Interval ?? 0),
    timeout: own?.timeout || (inherited?.Timeout ?? 0),
    startPeriod: own?.startPeriod || (inherited?.StartPeriod ?? 0),
    startInterval: own?.startInterval || (inherited?.StartInterval ?? 0),
    retries: own?.retries || (inherited?.Retries ?? 0),
  };
}
