import { containerLogs, inspectContainer } from '#client/containers.ts';
import { readOutput } from '#client/output-streams.ts';
import { defineCommand } from '../../command.ts';
import { pointInTime } from '../../point-in-time.ts';

/** `berth logs` */
export const logs = defineCommand({
  usage: '[options] CONTAINER',
  options: {
    details: { kind: 'flag', help: 'Also labels and variables given to the log' },
    follow: { kind: 'flag', short: 'f', help: 'Go on with what is written from now on' },
    since: { kind: 'text', value: 'TIME', help: 'From a time on, or so long ago: 2024-05-01T12:00:00, 10m' },
    tail: { kind: 'text', short: 'n', value: 'LINES', help: 'Only the last lines' },
    timestamps: { kind: 'flag', short: 't', help: 'With times' },
    until: { kind: 'text', value: 'TIME', help: 'Up to a time' },
  },
  words: { min: 1, max: 1 },
  async run({ client, output }, { options, words: [name = ''] }) {
    const times = { since: pointInTime('since', options.since), until: pointInTime('until', options.until) };
    const engine = await client();
    const { Config } = await inspectContainer(engine, name);
    const body = await containerLogs(engine, name, { ...options, ...times, stdout: true, stderr: true });
    for await (const { stream, bytes } of readOutput(body, { terminal: Config.Tty })) await output.bytes(bytes, stream);
    return 0;
  },
});
