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

/**
 * Reads `os/architecture[/variant]`, or one of them alone, as `--platform` is written.
 * @throws {InvalidArgumentError}
 */
export function parsePlatform(text: string): Platform {
  const parts = text.trim().toLowerCase().split('/');
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part)))
    throw new InvalidArgumentError(`invalid platform: ${JSON.stringify(text)}`, {
      hint: 'write it as os/architecture, such as linux/amd64',
    });
  const [first = '', second, variant] = parts;
  const isAlone = second === undefined;
  const os = isAlone && isArchitecture(first) ? 'linux' : first;
  const architecture = isAlone ? (isArchitecture(first) ? first : hostless(first)) : second;
  const known = ARCHITECTURES[architecture] ?? { architecture };
  const own = variant ?? known.variant;
  return { os, architecture: known.architecture, ...(own !== undefined && { variant: own }) };
}

function isArchitecture(text: string): boolean {
  return text in ARCHITECTURES || /^(?:386|ppc64le|s390x|riscv64|loong64|mips64(?:le)?)$/.test(text);
}

function hostless(os: string): never {
  throw new InvalidArgumentError(`invalid platform: ${JSON.stringify(os)} names no architecture`, {
    hint: 'write it as os/architecture, such as linux/amd64',
  });
}
