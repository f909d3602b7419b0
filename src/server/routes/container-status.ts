import type { ContainerRecord } from '#engine/containers/record.ts';

/** `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`: the words of `docker ps`. */
export function statusText(
  { state, health, created }: Pick<ContainerRecord, 'state' | 'health' | 'created'>,
  now = Date.now(),
): string {
  switch (state.status) {
    case 'running':
    case 'paused': {
      const up = `Up ${duration(now - state.startedAt)}`;
      if (state.status === 'paused') return `${up} (Paused)`;
      if (health === undefined) return up;
      return `${up} (${health.status === 'starting' ? 'health: starting' : health.status})`;
    }
    case 'restarting':
      return `Restarting (${state.exitCode}) ${duration(now - state.finishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'exited':
      return `Exited (${state.exitCode}) ${duration(now - (state.finishedAt || created))} ago`;
    default:
      return 'Created';
  }
}

/** Lengths of time as go-units writes them. */
export function duration(millis: number): string {
  const seconds = Math.floor(Math.max(0, millis) / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(minutes / 60);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}
