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
  /** Past events from `sinceNano` (none if absent), then those to come until `untilNano` or `signal`. A slow reader is cut, not waited for. */
  subscribe(options: {
    sinceNano?: bigint | undefined;
    untilNano?: bigint | undefined;
    signal?: AbortSignal | undefined;
  }): AsyncIterable<EngineEvent>;
}
