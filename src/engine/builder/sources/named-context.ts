import { parseGitReference } from '#dockerfile/git-reference.ts';
import { InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import type { ContextSource, NamedContext } from './context-source.ts';
import { gitContext } from './git-context.ts';
import { httpContext } from './http-context.ts';

/** A context that is named by its address: a git repository, or a file at an http or https address. @throws {InvalidArgumentError} */
export function addressedContext(address: string): ContextSource {
  const reference = parseGitReference(address);
  if (reference !== undefined) return gitContext(reference);
  if (/^https?:\/\//i.test(address)) return httpContext(address);
  throw new InvalidArgumentError(`${address} is no address of a build context`, {
    why: 'it is neither a git repository nor an http or https address',
    hint: 'write it like https://host/repository.git#branch or https://host/context.tar.gz',
  });
}

/**
 * What stands behind `--build-context name=`, where it is no folder.
 * @throws {InvalidArgumentError} {NotImplementedError}
 */
export function namedContext(text: string): NamedContext {
  const [, kind = ''] = /^([a-z-]+):/i.exec(text) ?? [];
  const rest = text.slice(kind.length + 1).replace(/^\/\//, '');
  switch (kind.toLowerCase()) {
    case 'docker-image':
      if (rest === '') throw new InvalidArgumentError(`${text} names no image`);
      return { kind: 'reference', name: rest };
    case 'oci-layout':
    case 'target':
    case 'input':
      throw new NotImplementedError(`a build context of the kind ${kind} is not supported here`, {
        why: 'it lies with the client, and this way of building has no session with it',
        hint: 'build with docker buildx',
      });
    default:
      return { kind: 'files', source: addressedContext(text) };
  }
}
