import { containerLogs } from '#client/containers.ts';
import { readOutput } from '#client/output-streams.ts';
import type { Client } from '#client/transport.ts';
import type { Report } from '../report.ts';
import { ENDED } from './restarter.ts';

/** The output of a program in a container, as it comes. */
export interface Followed {
  /** The last of what it has written since `mark` was called. */
  recent(): string;
  /** From here on output counts as recent. @returns what aborts when the program ends by itself from now on */
  mark(): AbortSignal;
  stop(): void;
}

const KEPT_CHARACTERS = 64 * 1024;

/** Shows what a program writes, and notices when it ends by itself. */
export function followProgram({ client, report }: { client: Client; report: Report }, container: string): Followed {
  const controller = new AbortController();
  let text = '';
  let ended = new AbortController();
  const follow = async (): Promise<void> => {
    const body = await containerLogs(client, container, {
      stdout: true,
      stderr: true,
      follow: true,
      signal: controller.signal,
    });
    for await (const { stream, bytes } of readOutput(body, { terminal: false })) {
      report.output(bytes, stream);
      const before = text.length;
      text += Buffer.from(bytes).toString('utf8');
      if (text.includes(ENDED, Math.max(0, before - ENDED.length))) ended.abort();
      text = text.slice(-KEPT_CHARACTERS);
    }
  };
  follow().catch(() => {}); // ends with the container, or with `stop`
  return {
    recent: () => text,
    mark() {
      text = '';
      ended = new AbortController();
      return ended.signal;
    },
    stop: () => controller.abort(),
  };
}
