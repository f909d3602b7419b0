import { InvalidArgumentError } from '#lib/errors.ts';

export interface SecurityOptions {
  noNewPrivileges: boolean;
  /** A profile, `unconfined`, or undefined for the default one. */
  seccomp: unknown;
  apparmor: string | undefined;
  /** `systempaths=unconfined`: nothing masked, nothing read-only. */
  openPaths: boolean;
  warnings: string[];
}

/** Reads `--security-opt`; the client has put the profile's text in place of its file name. @throws {InvalidArgumentError} */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  const result: SecurityOptions = {
    noNewPrivileges: false,
    seccomp: undefined,
    apparmor: undefined,
    openPaths: false,
    warnings: [],
  };
  for (const option of options) {
    const [, name = option, value = ''] = /^([^=:]+)[=:]([\s\S]*)$/.exec(option) ?? [];
    applyOption(result, name, value);
  }
  return result;
}

function applyOption(result: SecurityOptions, name: string, value: string): void {
  switch (name) {
    case 'no-new-privileges':
      result.noNewPrivileges = value === '' || value === 'true';
      return;
    case 'seccomp':
      result.seccomp = value === 'builtin' ? undefined : value === 'unconfined' ? value : parseProfile(value);
      return;
    case 'apparmor':
      result.apparmor = value;
      return;
    case 'systempaths':
      result.openPaths = value === 'unconfined';
      return;
    case 'label':
      if (value !== 'disable') result.warnings.push('SELinux label discarded: the host has no SELinux');
      return;
    default:
      throw new InvalidArgumentError(`invalid --security-opt 2: "${name}"`);
  }
}

function parseProfile(text: string): unknown {
  try {
    const profile: unknown = JSON.parse(text);
    if (typeof profile === 'object' && profile !== null) return profile;
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError('opening seccomp profile failed: it is not a JSON object');
}
