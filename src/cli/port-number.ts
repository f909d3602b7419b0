import { InvalidArgumentError } from '#lib/errors.ts';

/** A TCP port as given; undefined stays. @throws {InvalidArgumentError} */
export function portNumber(port: number | undefined): number | undefined {
  if (port === undefined || (Number.isInteger(port) && port > 0 && port < 65_536)) return port;
  throw new InvalidArgumentError(`${port} is no port`, {
    why: 'ports are whole numbers from 1 to 65535',
    hint: '--port 8080',
  });
}
