import { containerLogs } from '#client/containers.ts';
import { readOutput } from '#client/output-streams.ts';
import type { Client } from '#client/transport.ts';
import type { Report } from '../report.ts';
import { ENDED, RESTARTED } from './restarter.ts';

/** The output of a program in a container, as it comes. */
export interface Followed {
  /** The last of what it has written since `mark` was called. */
  recent(): string;
  /** From here on output counts as recent. */
  mark(): Mark;
  stop(): void;
}

/** What happens to the program from a moment on. */
export interface Mark {
  /** Aborts when it ends by itself. */
  ended: AbortSignal;
  /** Aborts when it was started anew, and the former one is gone. */
  restarted: AbortSignal;
}

const KEPT_CHARACTERS = 64 * 1024;

/** Shows what a program writes, and notices when it ends by itself. */
export function followProgram({ client, report }: { client: Client; report: Report }, container: string): Followed {
  const controller = new AbortController();
  let text = '';
  let ended = new AbortController();
  let restarted = new AbortController();
  const follow = async (): Promise<void> => {
    const body = await containerLogs(client, container, {
      stdout: true,
      stderr: true,
      follow: true,
      signal: controller.signal,
    });
    for await (const { stream, bytes } of readOutput(body, { terminal: false })) {
      const shown = withoutMark(bytes);
      if (shown.length > 0) report.output(shown, stream);
      const from = Math.max(0, text.length - RESTARTED.length);
      text += Buffer.from(bytes).toString('utf8');
      if (text.includes(ENDED, from)) ended.abort();
      if (text.includes(RESTARTED, from)) restarted.abort();
      text = text.slice(-KEPT_CHARACTERS);
    }
  };
  follow().catch(() => {}); // ends with the container, or with `stop`
  return {
    recent: () => text,
    mark() {
      text = '';
      ended = new AbortController();
      restarted = new AbortController();
      return { ended: ended.signal, restarted: restarted.signal };
    },
    stop: () => controller.abort(),
  };
}

/** What is said to us is not for people. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf(RESTARTED);
  if (at < 0) return bytes;
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + RESTARTED.length)]);
}
