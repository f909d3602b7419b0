import { MAX_API_VERSION } from '#api/versions.ts';
import { engineVersion } from '#client/system.ts';
import { VERSION } from '#lib/version.ts';
import { defineCommand } from '../command.ts';
import { connectWithoutStart } from '../engine/connect.ts';
import type { Output } from '../output/output.ts';
import { compileTemplate } from '../output/template.ts';

/** `berth version`: this program, and the engine if there is one; none is started for it. */
export const version = defineCommand({
  usage: '[options]',
  options: {
    format: { kind: 'text', short: 'f', value: 'FORMAT', help: 'json, or a template such as {{.Server.Version}}' },
  },
  words: { min: 0, max: 0 },
  async run({ settings, output }, { options }) {
    const program = {
      Version: VERSION,
      ApiVersion: MAX_API_VERSION,
      NodeVersion: process.versions.node,
      Os: process.platform,
      Arch: process.arch,
    };
    const connection = await connectWithoutStart(settings).catch((error: Error) => error);
    const engine = connection instanceof Error ? connection : await engineVersion(connection);
    if (!(connection instanceof Error)) connection.close();
    const server = engine instanceof Error ? null : engine;
    if (options.format === undefined) {
      printLines(output, program);
      if (server !== null) printEngine(output, server);
    } else {
      const value = { Client: program, Server: server };
      output.line(options.format === 'json' ? JSON.stringify(value) : compileTemplate(options.format)(value));
    }
    if (!(engine instanceof Error)) return 0;
    output.problem(engine);
    return 1;
  },
});

function printLines(output: Output, program: Record<string, string>): void {
  output.line('Client: Berth');
  for (const [name, value] of Object.entries({
    Version: program['Version'],
    'API version': program['ApiVersion'],
    Node: program['NodeVersion'],
    'OS/Arch': `${program['Os']}/${program['Arch']}`,
  }))
    output.line(` ${`${name}:`.padEnd(14)} ${value ?? ''}`);
}

function printEngine(output: Output, server: Awaited<ReturnType<typeof engineVersion>>): void {
  output.line('');
  output.line(`Server: ${server.Platform?.Name ?? 'an engine'}`);
  for (const { Name, Version, Details } of server.Components ?? []) {
    output.line(` ${Name}:`);
    output.line(`  ${'Version:'.padEnd(13)} ${Version}`);
    if (Name !== 'Engine') continue;
    output.line(
      `  ${'API version:'.padEnd(13)} ${server.ApiVersion} (minimum ${server.MinAPIVersion ?? Details?.['MinAPIVersion'] ?? '?'})`,
    );
    output.line(`  ${'OS/Arch:'.padEnd(13)} ${server.Os}/${server.Arch}`);
    output.line(`  ${'Kernel:'.padEnd(13)} ${server.KernelVersion ?? '?'}`);
  }
}
