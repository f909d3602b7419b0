import { descriptionOf } from './global-args.ts';
import type { Program } from './program.ts';
import { sourceBytes, type SourceLocation, sourceLocation } from './source-location.ts';

/** The stages that can be built, in the form of BuildKit's sub-request `frontend.targets`. */
export interface TargetList {
  targets: Target[];
  /** The Dockerfile, in base64. */
  sources: string[];
}

export interface Target {
  /** Absent for a stage without a name. */
  name?: string;
  /** What is built if nobody says otherwise. */
  default?: boolean;
  description?: string;
  /** As it is written behind FROM. */
  base: string;
  platform?: string;
  location: SourceLocation;
}

/** All stages of a Dockerfile. */
export function listTargets({ stages, source }: Program): TargetList {
  const targets = stages.map(({ from, index }): Target => {
    const { node, name, base, platform } = from;
    const written = node.args[2] ?? '';
    const description = descriptionOf(node.comments, written) || descriptionOf(node.comments, name ?? '');
    return {
      ...(name !== undefined && { name }),
      ...(index === stages.length - 1 && { default: true }),
      ...(description !== '' && { description }),
      base,
      ...(platform !== undefined && { platform }),
      location: sourceLocation(node),
    };
  });
  return { targets, sources: [sourceBytes(source.lines)] };
}
