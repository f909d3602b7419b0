import { InvalidArgumentError } from '#lib/errors.ts';
import type { Platform } from './platform.ts';

const ARCHITECTURES: Readonly<Record<string, { architecture: string; variant?: string }>> = {
  amd64: { architecture: 'amd64' },
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  arm64: { architecture: 'arm64' },
  aarch64: { architecture: 'arm64' },
  arm: { architecture: 'arm', variant: 'v7' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
  i386: { architecture: '386' },
};
const SYSTEMS: Readonly<Record<string, string>> = { macos: 'darwin' };
const ALONE = ['linux', 'windows', 'darwin', 'freebsd'];

/**
 * Reads `os/architecture[/variant]`, or one of them alone, as `--platform` is written. `usual` is the architecture of a system alone.
 * @throws {InvalidArgumentError}
 */
export function parsePlatform(text: string, { usual = 'amd64' }: { usual?: string } = {}): Platform {
  const [, written = '', version, features = '', rest = ''] =
    /^([A-Za-z0-9_-]+)(?:\(([^()+]*)((?:\+[^()+]+)*)\))?((?:\/.*)?)$/.exec(text) ?? [];
  const parts = `${written}${rest}`.toLowerCase().split('/');
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) throw invalid(text, '');
  const [first = '', second, variant] = parts;
  const isAlone = second === undefined;
  const os = SYSTEMS[first] ?? first;
  if (isAlone && !isArchitecture(first) && !ALONE.includes(os)) throw invalid(text, ' names no architecture');
  const isSystem = !isAlone || ALONE.includes(os);
  const architecture = isAlone ? (isSystem ? usual : first) : second;
  return {
    os: isSystem ? os : 'linux',
    ...processor(architecture, variant),
    ...(version !== undefined && version !== '' && { 'os.version': decoded(version) }),
    ...(features !== '' && { 'os.features': features.slice(1).split('+').toSorted() }),
  };
}

function decoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function processor(written: string, variant: string | undefined): Pick<Platform, 'architecture' | 'variant'> {
  const known = ARCHITECTURES[written] ?? { architecture: written };
  const { architecture } = known;
  const own = variant === undefined ? known.variant : /^\d$/.test(variant) ? `v${variant}` : variant;
  const isUsual = architecture === 'amd64' && own === 'v1';
  return { architecture, ...(own !== undefined && !isUsual && { variant: own }) };
}

function invalid(text: string, why: string): InvalidArgumentError {
  return new InvalidArgumentError(`invalid platform: ${JSON.stringify(text)}${why}`, {
    hint: 'write it as os/architecture, such as linux/amd64',
  });
}

function isArchitecture(text: string): boolean {
  return text in ARCHITECTURES || /^(?:386|ppc64le|s390x|riscv64|loong64|mips64(?:le)?|wasm)$/.test(text);
}
