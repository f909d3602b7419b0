import { killContainer } from '#client/containers.ts';
import type { Client } from '#client/transport.ts';

const PROXIED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const;

/** Hands signals that reach this program on to a container. @returns what ends it */
export function proxySignals(client: Client, container: string): () => void {
  const send = (signal: NodeJS.Signals): void => {
    killContainer(client, container, signal.replace(/^SIG/, '')).catch(() => {});
  };
  for (const signal of PROXIED) process.on(signal, send);
  return () => {
    for (const signal of PROXIED) process.off(signal, send);
  };
}
