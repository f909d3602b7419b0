import type { RegistryAuth } from '#api/auth-header.ts';
import { buildImage, type BuildRequest } from '#client/builds.ts';
import type { Client } from '#client/transport.ts';
import { nanoCpus } from '../container/create-body.ts';
import { parseBytes, parsePairs, parseUlimit } from '../container/values.ts';
import type { Output } from '../output/output.ts';
import { showProgress } from '../output/progress.ts';
import { UsageError } from '../parse-options.ts';
import { hostCa, oursAlone } from './build-order.ts';
import type { BuildSource } from './build-source.ts';
import { buildArguments } from './build-values.ts';
import type { BuildOptions } from './options.ts';

/** Period that a CPU quota refers to, microseconds. */
const CPU_PERIOD = 100_000;

/** Builds with an engine of another kind, by the classic protocol. @returns the image's id. @throws {UsageError} for what that has no way for */
export async function buildClassic(
  options: BuildOptions,
  source: BuildSource,
  {
    client,
    output,
    auth,
    signal,
  }: { client: Client; output: Output; auth: Readonly<Record<string, RegistryAuth>>; signal: AbortSignal },
): Promise<string> {
  const [unknown] = oursAlone(options);
  if (unknown !== undefined || options.platform.length > 1)
    throw new UsageError(`this engine has no way for ${unknown ?? 'several platforms'}`, {
      why: 'it is not Berth, and its classic build protocol does not carry it',
      hint: 'name an engine of Berth with --host or BERTH_HOST',
    });
  const messages = buildImage(client, source.archive, {
    ...requestOf(options),
    dockerfile: source.dockerfile.name,
    remote: source.remote,
    auth,
    signal,
  });
  let id = '';
  await showProgress(output, messages, {
    quiet: options.quiet,
    stream: 'stderr',
    onMessage({ aux }) {
      id = (aux as { ID?: string } | undefined)?.ID ?? id;
    },
  });
  return id;
}

function requestOf(options: BuildOptions): BuildRequest {
  const bytes = (name: 'memory' | 'shm-size'): number | undefined => {
    const text = options[name];
    return text === undefined ? undefined : parseBytes(name, text);
  };
  return {
    tags: options.tag,
    buildArgs: buildArguments(options['build-arg']),
    labels: parsePairs(options.label),
    target: options.target,
    noCache: options['no-cache'],
    pull: options.pull,
    quiet: options.quiet,
    networkMode: options.network,
    platform: options.platform[0],
    extraHosts: options['add-host'],
    memoryBytes: bytes('memory'),
    shmBytes: bytes('shm-size'),
    cpuQuota: options.cpus === undefined ? undefined : Math.round((nanoCpus(options.cpus) / 1e9) * CPU_PERIOD),
    ulimits: options.ulimit.map(parseUlimit),
    hostCa: hostCa(options['host-ca']),
  };
}
