import { InvalidArgumentError } from '#lib/errors.ts';
import type { ContainerConfig } from '#api/container-config.ts';

/** What sethostname(2) takes. */
const HOSTNAME_LIMIT = 64;
const HOSTNAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9_-])?$/;

/** Refuses what no process could be started with. @throws {InvalidArgumentError} */
export function checkConfig(config: ContainerConfig): void {
  const { hostname, domainname, env, workingDir, entrypoint = [], cmd = [] } = config;
  for (const text of [...env, ...entrypoint, ...cmd, workingDir, domainname])
    if (text.includes('\0')) throw new InvalidArgumentError(`${JSON.stringify(text.slice(0, 80))} holds a zero byte`);
  for (const entry of env)
    if (entry === '' || entry.startsWith('=')) throw new InvalidArgumentError(`invalid environment variable: ${entry}`);
  if (hostname !== '' && (hostname.length > HOSTNAME_LIMIT || !HOSTNAME.test(hostname)))
    throw new InvalidArgumentError(`invalid hostname format: ${hostname.slice(0, 80)}`);
  if (workingDir !== '' && !workingDir.startsWith('/'))
    throw new InvalidArgumentError(`the working directory '${workingDir}' is invalid, it needs to be an absolute path`);
}
