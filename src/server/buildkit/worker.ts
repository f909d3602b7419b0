import type { Builder } from '#engine/builder/builder.ts';
import { checkCanRun } from '#engine/builder/steps/emulation.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import type { Networks } from '#engine/networks/networks.ts';
import { UnavailableError } from '#lib/errors.ts';
import type { MessageOf, Partly } from '#lib/protobuf/message.ts';
import type { Platform } from '#oci/platform.ts';
import type { PLATFORM, WORKER_RECORD } from './messages/common.ts';

/** What does the work: the engine. */
export interface Worker {
  /** As it is told to clients now. */
  record(): Promise<Partly<MessageOf<typeof WORKER_RECORD>>>;
}

export interface WorkerFacts {
  /** The engine's id. */
  id: string;
  hostname: string;
  snapshotDriver: string;
  builder: Pick<Builder, 'gcRules'>;
  networks: Pick<Networks, 'get'>;
}

const LABEL = 'org.mobyproject.buildkit.worker.';
/** Clients compare the version to know what may be asked for; what of it is honoured, the capabilities say. */
export const BUILDKIT_VERSION = { package: 'berth', version: 'v0.25.0', revision: '' };

/** How long it is remembered what can run: clients ask several times for one build. */
const REMEMBERED_MS = 10_000;

export function createWorker(facts: WorkerFacts): Worker {
  const runnable = remembered(runnablePlatforms);
  return {
    async record() {
      const gateway = await gatewayOf(facts.networks);
      return {
        id: facts.id,
        labels: new Map([
          [`${LABEL}executor`, 'oci'],
          [`${LABEL}hostname`, facts.hostname],
          [`${LABEL}network`, 'bridge'],
          [`${LABEL}oci.process-mode`, 'sandbox'],
          [`${LABEL}selinux.enabled`, 'false'],
          // Only with this label do clients offer outputs to files, several platforms, and caches elsewhere.
          [`${LABEL}snapshotter`, facts.snapshotDriver],
          ...(gateway === undefined ? [] : [[`${LABEL}moby.host-gateway-ip`, gateway] as const]),
        ]),
        platforms: (await runnable()).map(platformToWire),
        gcPolicy: (await facts.builder.gcRules()).map((rule) => ({
          all: rule.all,
          filters: rule.filters,
          keepDuration: (rule.keepDurationMs ?? 0) * 1_000_000,
          reservedSpace: rule.reservedBytes ?? 0,
          maxUsedSpace: rule.maxUsedBytes ?? 0,
          minFreeSpace: rule.minFreeBytes ?? 0,
        })),
        buildkitVersion: BUILDKIT_VERSION,
      };
    },
  };
}

function remembered<T>(find: () => Promise<T>): () => Promise<T> {
  let known: { found: Promise<T>; time: number } | undefined;
  return () => {
    if (known === undefined || Date.now() - known.time > REMEMBERED_MS) known = { found: find(), time: Date.now() };
    return known.found;
  };
}

/** Where steps reach the host. */
async function gatewayOf(networks: WorkerFacts['networks']): Promise<string | undefined> {
  return (await networks.get('bridge').catch(() => undefined))?.gateway;
}

const ARCHITECTURES = ['amd64', '386', 'arm64', 'arm', 'riscv64', 'ppc64le', 's390x', 'loong64', 'mips64le', 'mips64'];

/** This host's own first, then those whose programs an interpreter runs. */
async function runnablePlatforms(): Promise<Platform[]> {
  const own = hostPlatform();
  const found = [own];
  for (const architecture of ARCHITECTURES) {
    if (architecture === own.architecture) continue;
    const platform = { os: 'linux', architecture, ...(architecture === 'arm' && { variant: 'v7' }) };
    try {
      await checkCanRun(platform);
      found.push(platform);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
    }
  }
  return found;
}

/** An arm64 of the usual kind has no variant in what clients compare. */
export function platformToWire({ os, architecture, variant = '' }: Platform): Partly<MessageOf<typeof PLATFORM>> {
  return { os, architecture, variant: architecture === 'arm64' && variant === 'v8' ? '' : variant };
}

export function platformFromWire(platform: MessageOf<typeof PLATFORM> | undefined): Platform | undefined {
  if (platform === undefined || platform.os === '') return undefined;
  const { os, architecture, variant } = platform;
  return { os, architecture, ...(variant !== '' && { variant }) };
}
