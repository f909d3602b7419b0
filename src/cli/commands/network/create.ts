import { createNetwork } from '#client/networks.ts';
import { defineCommand } from '../../command.ts';
import { parsePairs } from '../../container/values.ts';
import type { OptionTable, OptionValues } from '../../options.ts';
import { UsageError } from '../../parse-options.ts';

const OPTIONS = {
  attachable: { kind: 'flag', help: '' },
  driver: { kind: 'text', short: 'd', value: 'DRIVER', help: 'Driver (bridge)' },
  gateway: { kind: 'list', value: 'IP', help: 'Gateway of a subnet' },
  internal: { kind: 'flag', help: 'Without a way out' },
  'ip-range': { kind: 'list', value: 'CIDR', help: 'Part of a subnet to give addresses from' },
  ipv6: { kind: 'flag', help: 'With IPv6' },
  label: { kind: 'list', value: 'KEY=VALUE', help: 'Set a label' },
  opt: { kind: 'list', short: 'o', value: 'KEY=VALUE', help: 'Option of the driver' },
  subnet: { kind: 'list', value: 'CIDR', help: 'Subnet: 10.20.0.0/24' },
} as const satisfies OptionTable;

/** `berth network create` */
export const create = defineCommand({
  usage: '[options] NAME',
  options: OPTIONS,
  words: { min: 1, max: 1 },
  async run({ client, output }, { options, words: [name = ''] }) {
    const { Id, Warning } = await createNetwork(await client(), {
      Name: name,
      Driver: options.driver ?? 'bridge',
      Internal: options.internal,
      Attachable: options.attachable,
      ...(options.ipv6 && { EnableIPv6: true }),
      Options: parsePairs(options.opt),
      Labels: parsePairs(options.label),
      IPAM: { Driver: 'default', Config: pools(options) },
    });
    if (Warning !== undefined && Warning !== '') output.warn(Warning);
    output.line(Id);
    return 0;
  },
});

function pools({ subnet, gateway, 'ip-range': range }: OptionValues<typeof OPTIONS>): object[] {
  if (subnet.length === 0 && (gateway.length > 0 || range.length > 0))
    throw new UsageError('--gateway and --ip-range need a --subnet');
  return subnet.map((Subnet, index) => ({
    Subnet,
    ...(range[index] !== undefined && { IPRange: range[index] }),
    ...(gateway[index] !== undefined && { Gateway: gateway[index] }),
  }));
}
