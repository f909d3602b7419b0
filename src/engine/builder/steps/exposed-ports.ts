import { InvalidArgumentError } from '#lib/errors.ts';

const PROTOCOLS = ['tcp', 'udp', 'sctp'];

/** The ports of one word of EXPOSE: `80`, `53/udp`, `8000-8010`; an address and a host port before it are let go. @throws {InvalidArgumentError} */
export function parseExposed(word: string): string[] {
  const slash = word.indexOf('/');
  const protocol = slash < 0 ? 'tcp' : word.slice(slash + 1).toLowerCase();
  const range = (slash < 0 ? word : word.slice(0, slash)).split(':').at(-1) ?? '';
  const [, from = '', to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (!PROTOCOLS.includes(protocol)) throw new InvalidArgumentError(`Invalid proto: ${protocol}`);
  if (from === '' || first > 65_535 || last > 65_535 || last < first)
    throw new InvalidArgumentError(`Invalid containerPort: ${word}`, {
      hint: 'write a port as 80, 53/udp or 8000-8010',
    });
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}
