import { nowNano } from '#api/timestamps.ts';
import { UnavailableError } from '#lib/errors.ts';

/** Something that happened, as `GET /events` tells it. */
export interface EngineEvent {
  type: 'container' | 'image' | 'volume' | 'network' | 'daemon' | 'builder';
  /** As the Engine API spells it: `start`, `exec_create: ls -l`, … */
  action: string;
  /** Id of what it happened to. */
  id: string;
  attributes: Readonly<Record<string, string>>;
  /** Nanoseconds since epoch. */
  timeNano: bigint;
}

export interface Events {
  publish(event: Omit<EngineEvent, 'timeNano'>): void;
  /**
   * Past events from `sinceNano` (none if absent), then those to come until `untilNano` or `signal`; nothing is missed from the call on.
   * A slow reader is cut, not waited for: its iteration ends with {UnavailableError}.
   */
  subscribe(options: {
    sinceNano?: bigint | undefined;
    untilNano?: bigint | undefined;
    signal?: AbortSignal | undefined;
  }): AsyncIterable<EngineEvent>;
}

/** The engine's own view of its events. */
export interface EventLog extends Events {
  /** How many subscriptions are open. */
  listeners(): number;
}

const PAST_LIMIT = 1024;
const QUEUE_LIMIT = 8192;
const TIMER_LIMIT_MS = 2 ** 31 - 1;

interface Subscription extends AsyncIterableIterator<EngineEvent> {
  push(event: EngineEvent): void;
  /** What was pushed before is still read; then the iteration is over. */
  finish(): void;
}

/** Events of this process's life: the last thousand are kept for who asks later. */
export function openEvents(): EventLog {
  const past: EngineEvent[] = [];
  const open = new Set<Subscription>();
  return {
    listeners: () => open.size,

    publish(event) {
      const stamped = { ...event, timeNano: nowNano() };
      past.push(stamped);
      if (past.length > PAST_LIMIT) past.shift();
      for (const subscription of open) subscription.push(stamped);
    },

    subscribe({ sinceNano, untilNano, signal }) {
      const inRange = ({ timeNano }: EngineEvent): boolean =>
        sinceNano !== undefined && timeNano >= sinceNano && (untilNano === undefined || timeNano <= untilNano);
      const release = new DisposableStack();
      const subscription = createSubscription(past.filter(inRange), () => release.dispose());
      open.add(subscription);
      release.defer(() => open.delete(subscription));
      if (untilNano !== undefined) release.use(finishAt(subscription, untilNano));
      if (signal !== undefined) release.use(finishOn(subscription, signal));
      return subscription;
    },
  };
}

/** A queue between the publisher, which never waits, and one reader. */
function createSubscription(queue: EngineEvent[], onEnd: () => void): Subscription {
  let ended = false;
  let overflow = false;
  let wake = Promise.withResolvers<void>();
  const finish = (): void => {
    if (ended) return;
    ended = true;
    onEnd();
    wake.resolve();
  };
  return {
    finish,
    push(event) {
      overflow = queue.length >= QUEUE_LIMIT;
      if (overflow) finish();
      else queue.push(event);
      wake.resolve();
    },
    async next() {
      if (queue.length === 0 && !ended) {
        wake = Promise.withResolvers<void>();
        await wake.promise;
      }
      if (overflow) throw new UnavailableError('events come faster than they are read');
      const value = queue.shift();
      return value === undefined ? { done: true, value: undefined } : { done: false, value };
    },
    async return() {
      queue.length = 0;
      finish();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function finishAt(subscription: Subscription, untilNano: bigint): Disposable {
  const waitMs = Number((untilNano - nowNano()) / 1_000_000n);
  const timer = setTimeout(() => subscription.finish(), Math.min(Math.max(waitMs, 0), TIMER_LIMIT_MS));
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

function finishOn(subscription: Subscription, signal: AbortSignal): Disposable {
  const finish = (): void => subscription.finish();
  signal.addEventListener('abort', finish);
  if (signal.aborted) queueMicrotask(finish);
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', finish) };
}
