import type { BuildEvent, VertexFacts } from './events.ts';

/** A piece of what clients of the classic protocol are told: text, or a message. */
export type Piece = string | object;

/** Turns what a build tells into the classic protocol's lines; stages that run side by side are shown one after another. */
export function createClassicOutput(show: (piece: Piece) => void): (event: BuildEvent) => void {
  const lines = createLines();
  let order = createOrder([], show);
  return (event) => {
    if (event.kind === 'plan') order = createOrder(event.stages, show);
    else if (event.kind === 'stage-ended') order.end(event.stage, event.isFailed);
    else for (const piece of lines(event)) order.add(stageOf(event), piece);
  };
}

function stageOf(event: BuildEvent): string | undefined {
  return 'vertex' in event ? event.vertex?.stage : undefined;
}

interface HeldStage {
  held: Piece[];
  isEnded: boolean;
}

interface Order {
  add(stage: string | undefined, piece: Piece): void;
  end(stage: string, isFailed: boolean): void;
}

/** The first stage that has not ended is live, the others are held back; a failed one is shown even if one before it never ends. */
function createOrder(names: readonly string[], show: (piece: Piece) => void): Order {
  const stages = new Map(names.map((name): [string, HeldStage] => [name, { held: [], isEnded: false }]));
  const flush = ({ held }: HeldStage): void => {
    for (const piece of held.splice(0)) show(piece);
  };
  const live = (): HeldStage | undefined => stages.values().find(({ isEnded }) => !isEnded);
  return {
    add(name, piece) {
      const stage = name === undefined ? undefined : stages.get(name);
      if (stage === undefined || stage === live()) show(piece);
      else stage.held.push(piece);
    },
    end(name, isFailed) {
      const ended = stages.get(name);
      if (ended === undefined) return;
      ended.isEnded = true;
      if (isFailed) flush(ended);
      for (const stage of stages.values()) {
        flush(stage);
        if (!stage.isEnded) return;
      }
    },
  };
}

/** What of an event the classic protocol has words for. */
function createLines(): (event: BuildEvent) => readonly Piece[] {
  const decoders = new Map<string, InstanceType<typeof TextDecoder>>();
  const decode = (vertex: VertexFacts, stream: string, bytes: Uint8Array): string => {
    const name = `${vertex.digest} ${stream}`;
    const decoder = decoders.get(name) ?? new TextDecoder();
    decoders.set(name, decoder);
    return decoder.decode(bytes, { stream: true });
  };
  return (event) => {
    switch (event.kind) {
      case 'remark':
        return [`${event.text}\n`];
      case 'finding':
        return [
          event.finding.lines === undefined
            ? warning(event)
            : `${warning(event).trimEnd()} (line ${event.finding.lines.start})\n`,
        ];
      case 'started':
        return started(event.vertex);
      case 'note':
        return [`${event.text}\n`];
      case 'log':
        return [decode(event.vertex, event.stream, event.bytes)];
      case 'message':
        return [event.message];
      case 'running':
        return [` ---> Running in ${event.container}\n`];
      case 'removed':
        return [` ---> Removed intermediate container ${event.container}\n`];
      case 'completed':
        return completed(event);
      default:
        return [];
    }
  };
}

function warning({ finding }: Extract<BuildEvent, { kind: 'finding' }>): string {
  return `[${finding.severity === 'hint' ? 'Hint' : 'Warning'}] ${finding.code}: ${finding.message}\n`;
}

function started({ step }: VertexFacts): readonly Piece[] {
  return step === undefined ? [] : [`Step ${step.number}/${step.total} : ${step.text}\n`];
}

function completed({ vertex, outcome }: Extract<BuildEvent, { kind: 'completed' }>): readonly Piece[] {
  if (vertex.step === undefined || outcome.result === undefined) return [];
  return [...(outcome.isCached ? [' ---> Using cache\n'] : []), ` ---> ${outcome.result}\n`];
}
