import { inspectContainer } from '#client/containers.ts';
import { NotFoundError } from '#lib/errors.ts';
import { defineCommand } from '../../command.ts';

/** `berth port` */
export const port = defineCommand({
  usage: 'CONTAINER [PORT[/PROTOCOL]]',
  options: {},
  words: { min: 1, max: 2 },
  async run({ client, output }, { words: [name = '', wanted] }) {
    const { NetworkSettings } = await inspectContainer(await client(), name);
    const published = Object.entries(NetworkSettings.Ports ?? {}).flatMap(([inside, bindings]) =>
      (bindings ?? []).map(({ HostIp = '', HostPort = '' }) => ({
        inside,
        outside: `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}`,
      })),
    );
    if (wanted === undefined) {
      for (const { inside, outside } of published) output.line(`${inside} -> ${outside}`);
      return 0;
    }
    const key = wanted.includes('/') ? wanted : `${wanted}/tcp`;
    const matching = published.filter(({ inside }) => inside === key);
    if (matching.length === 0) throw new NotFoundError(`port ${key} of ${name} is not published`);
    for (const { outside } of matching) output.line(outside);
    return 0;
  },
});
