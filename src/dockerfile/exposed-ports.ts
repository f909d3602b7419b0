import { InvalidArgumentError } from '#lib/errors.ts';

const PROTOCOLS = ['tcp', 'udp', 'sctp'];
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const IPV6 = /^\[?(?=[^:]*:[^:]*:)[0-9a-fA-F:.]+\]?$/;
const RANGE = /^(\d{1,5})(?:-(\d{1,5}))?$/;

/**
 * The ports of one word of EXPOSE: `80`, `53/udp`, `8000-8010`. An address and a port of the host before it have no effect, but must be ones.
 * @throws {InvalidArgumentError}
 */
export function parseExposed(word: string): string[] {
  const parts = word.split(':');
  const written = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  const address = parts.join(':');
  const slash = written.indexOf('/');
  const protocol = (slash < 0 ? '' : written.slice(slash + 1).toLowerCase()) || 'tcp';
  const inside = readRange(slash < 0 ? written : written.slice(0, slash));
  const outside = host === '' ? undefined : readRange(host);
  if (!PROTOCOLS.includes(protocol)) throw new InvalidArgumentError(`Invalid proto: ${protocol}`);
  if (inside === undefined)
    throw new InvalidArgumentError(`Invalid containerPort: ${word}`, {
      hint: 'write a port as 80, 53/udp or 8000-8010',
    });
  if (host !== '' && outside === undefined) throw new InvalidArgumentError(`Invalid hostPort: ${host}`);
  if (address !== '' && !IPV4.test(address) && !IPV6.test(address))
    throw new InvalidArgumentError(`Invalid ip address: ${address}`);
  const count = inside.last - inside.first;
  if (outside !== undefined && count > 0 && outside.last - outside.first !== count)
    throw new InvalidArgumentError(`Invalid ranges specified for container and host Ports: ${written} and ${host}`);
  return Array.from({ length: count + 1 }, (_, index) => `${inside.first + index}/${protocol}`);
}

function readRange(text: string): { first: number; last: number } | undefined {
  const [, from = '', to = from] = RANGE.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  return from === '' || first > 65_535 || last > 65_535 || last < first ? undefined : { first, last };
}
