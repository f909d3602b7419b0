import { engineFacts } from '#client/system.ts';
import { defineCommand } from '../../command.ts';
import { binaryText } from '../../output/quantities.ts';
import { compileTemplate } from '../../output/template.ts';

/** Lines of `berth info`: title and field. */
const LINES = [
  ['Server version', 'ServerVersion'],
  ['Containers', 'Containers'],
  [' Running', 'ContainersRunning'],
  [' Paused', 'ContainersPaused'],
  [' Stopped', 'ContainersStopped'],
  ['Images', 'Images'],
  ['Storage driver', 'Driver'],
  ['Logging driver', 'LoggingDriver'],
  ['Cgroup driver', 'CgroupDriver'],
  ['Cgroup version', 'CgroupVersion'],
  ['Default runtime', 'DefaultRuntime'],
  ['Security options', 'SecurityOptions'],
  ['Kernel', 'KernelVersion'],
  ['Operating system', 'OperatingSystem'],
  ['Architecture', 'Architecture'],
  ['CPUs', 'NCPU'],
  ['Memory', 'MemTotal'],
  ['Name', 'Name'],
  ['ID', 'ID'],
  ['Data root', 'DockerRootDir'],
] as const;

/** `berth info` */
export const info = defineCommand({
  usage: '[options]',
  options: { format: { kind: 'text', short: 'f', value: 'FORMAT', help: 'json, or a template such as {{.NCPU}}' } },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const facts = await engineFacts(await client());
    if (options.format !== undefined) {
      output.line(options.format === 'json' ? JSON.stringify(facts) : compileTemplate(options.format)(facts));
      return 0;
    }
    for (const [title, field] of LINES) output.line(`${title}: ${text(field, facts[field])}`);
    for (const warning of (facts['Warnings'] as string[] | null) ?? []) output.warn(warning.replace(/^WARNING: /, ''));
    return 0;
  },
});

function text(field: string, value: unknown): string {
  if (field === 'MemTotal') return binaryText(Number(value));
  return Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : JSON.stringify(value ?? '');
}
