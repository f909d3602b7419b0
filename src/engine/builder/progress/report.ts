import type { Finding } from '#dockerfile/lint/finding.ts';
import { CancelledError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import type { BuildEvent, Vertex, VertexFacts } from './events.ts';

/** Tells whoever listens what a build does. */
export interface BuildReport {
  /** Begins a vertex. */
  start(vertex: Partial<Omit<VertexFacts, 'digest'>> & { name: string }): Vertex;
  /** Does work under a vertex: what it throws is told and thrown on. */
  within<T>(
    vertex: Partial<Omit<VertexFacts, 'digest'>> & { name: string },
    work: (vertex: Vertex) => Promise<T>,
  ): Promise<T>;
  finding(finding: Finding, vertex?: VertexFacts): void;
  remark(text: string): void;
  plan(stages: readonly string[]): void;
  endStage(stage: string, options: { isFailed: boolean }): void;
}

/** @param ref makes the vertices of this build differ from those of others */
export function createReport(ref: string, tell: (event: BuildEvent) => void): BuildReport {
  let count = 0;
  const start: BuildReport['start'] = ({ name, inputs = [], stage, step, lines, isMinor = false }) => {
    count += 1;
    const facts: VertexFacts = { digest: sha256(`${ref} ${count} ${name}`), name, inputs, stage, step, isMinor, lines };
    tell({ kind: 'started', vertex: facts, time: Date.now() });
    return {
      facts,
      log: (stream, bytes) => tell({ kind: 'log', vertex: facts, stream, bytes }),
      note: (text) => tell({ kind: 'note', vertex: facts, text }),
      status: (status) => tell({ kind: 'status', vertex: facts, status }),
      message: (message) => tell({ kind: 'message', vertex: facts, message }),
      step: (done) => tell({ kind: 'step', vertex: facts, step: done }),
      running: (container) => tell({ kind: 'running', vertex: facts, container }),
      removed: (container) => tell({ kind: 'removed', vertex: facts, container }),
      complete: (outcome) => tell({ kind: 'completed', vertex: facts, time: Date.now(), outcome }),
    };
  };
  return {
    start,
    async within(facts, work) {
      const vertex = start(facts);
      try {
        const result = await work(vertex);
        vertex.complete({ isCached: false });
        return result;
      } catch (error) {
        vertex.complete(failedOutcome(error));
        throw error;
      }
    },
    finding: (finding, vertex) => tell({ kind: 'finding', vertex, finding }),
    remark: (text) => tell({ kind: 'remark', text }),
    plan: (stages) => tell({ kind: 'plan', stages }),
    endStage: (stage, { isFailed }) => tell({ kind: 'stage-ended', stage, isFailed }),
  };
}

/** How a vertex ends that threw. */
export function failedOutcome(error: unknown): { isCached: false; error: string; isCanceled: boolean } {
  const { message, name } = error instanceof Error ? error : new Error(String(error));
  return { isCached: false, error: message, isCanceled: name === 'AbortError' || error instanceof CancelledError };
}
