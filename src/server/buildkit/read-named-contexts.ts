import { namedContext } from '#engine/builder/sources/named-context.ts';
import type { NamedContext } from '#engine/builder/sources/context-source.ts';
import { NotFoundError } from '#lib/errors.ts';
import { type FrontendCall, needSession } from './frontend-call.ts';

const PREFIX = 'context:';

/** `context:<name>`: what FROM, COPY and mounts of that name mean instead. @throws {InvalidArgumentError} {NotFoundError} */
export function readNamedContexts(call: FrontendCall): Map<string, NamedContext> {
  const found = new Map<string, NamedContext>();
  for (const [option, place] of call.options)
    if (option.startsWith(PREFIX)) found.set(option.slice(PREFIX.length).toLowerCase(), contextOf(call, place));
  return found;
}

function contextOf({ session, inputs }: FrontendCall, place: string): NamedContext {
  const [, scheme = '', rest = ''] = /^([a-z-]+):(?:\/\/)?(.*)$/.exec(place) ?? [];
  if (scheme === 'local') return { kind: 'files', source: needSession(session).files(rest) };
  if (scheme === 'input') {
    const input = inputs.get(rest);
    if (input === undefined) throw new NotFoundError(`no input ${rest} came with the build`);
    return input;
  }
  if (scheme === 'oci-layout') return { kind: 'image', source: needSession(session).layout(rest) };
  return namedContext(place);
}
