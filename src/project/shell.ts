import type { Client } from '#client/transport.ts';
import { mountedBody } from './mounted-body.ts';
import type { Project } from './project.ts';

/** Bash where the image has it. */
const ANY_SHELL = ['/bin/sh', '-c', 'if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi'];

/** The container of `berth shell`: an interactive shell, or a command, in a project's image with the folder mounted. */
export async function shellBody(
  client: Client,
  project: Project,
  { image, command, terminal }: { image: string; command: readonly string[]; terminal: boolean },
): Promise<object> {
  return mountedBody(client, project, {
    image,
    command: command.length > 0 ? command : ANY_SHELL,
    purpose: 'shell',
    terminal,
    environment: [String.raw`PS1=(${project.name}) \w \$ `],
  });
}
