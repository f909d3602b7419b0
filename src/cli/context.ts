import type { Client } from '#client/transport.ts';
import type { Context, GlobalSettings } from './command.ts';
import type { Output } from './output/output.ts';

/** What commands get to work with; nothing is opened before it is asked for. */
export function createContext(settings: GlobalSettings, output: Output): Context & { close(): void } {
  let client: Promise<Client> | undefined;
  let controller: AbortController | undefined;
  const connect = async (): Promise<Client> => (await import('./engine/connect.ts')).connect(settings, output);
  return {
    output,
    settings,
    client: () => (client ??= connect()),
    get signal() {
      controller ??= abortAtSignals();
      return controller.signal;
    },
    close() {
      client?.then(
        (open) => open.close(),
        () => {},
      );
    },
  };
}

/** The first one asks to end, the second one ends at once. */
function abortAtSignals(): AbortController {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller;
}
