import { updateContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';
import { nanoCpus } from '../../container/create-body.ts';
import { parseBytes, parseRestart } from '../../container/values.ts';
import { forEach } from '../../output/each.ts';

/** `berth update` */
export const update = defineCommand({
  usage: '[options] CONTAINER [CONTAINER...]',
  options: {
    'cpu-period': { kind: 'number', value: 'MICROSECONDS', help: 'Period of the CPU quota' },
    'cpu-quota': { kind: 'number', value: 'MICROSECONDS', help: 'CPU time per period' },
    'cpu-shares': { kind: 'number', short: 'c', help: 'Weight among containers when the CPU is busy' },
    cpus: { kind: 'text', value: 'NUMBER', help: 'How many CPUs it may use' },
    'cpuset-cpus': { kind: 'text', value: 'LIST', help: 'CPUs it runs on' },
    'cpuset-mems': { kind: 'text', value: 'LIST', help: 'Memory nodes it uses' },
    memory: { kind: 'text', short: 'm', value: 'BYTES', help: 'Memory limit' },
    'memory-reservation': { kind: 'text', value: 'BYTES', help: 'Memory kept when it is scarce' },
    'memory-swap': { kind: 'text', value: 'BYTES', help: 'Limit of memory and swap together' },
    'pids-limit': { kind: 'number', help: 'How many processes it may have' },
    restart: { kind: 'text', value: 'POLICY', help: 'When to restart' },
  },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    const bytes = (name: 'memory' | 'memory-reservation' | 'memory-swap'): number | undefined => {
      const text = options[name];
      return text === undefined ? undefined : parseBytes(name, text);
    };
    const body = {
      CpuPeriod: options['cpu-period'],
      CpuQuota: options['cpu-quota'],
      CpuShares: options['cpu-shares'],
      NanoCpus: options.cpus === undefined ? undefined : nanoCpus(options.cpus),
      CpusetCpus: options['cpuset-cpus'],
      CpusetMems: options['cpuset-mems'],
      Memory: bytes('memory'),
      MemoryReservation: bytes('memory-reservation'),
      MemorySwap: bytes('memory-swap'),
      PidsLimit: options['pids-limit'],
      RestartPolicy: options.restart === undefined ? undefined : parseRestart(options.restart),
    };
    return forEach(output, words, async (name) => {
      const { Warnings } = await updateContainer(engine, name, body);
      for (const warning of Warnings ?? []) output.warn(warning);
    });
  },
});
