import { rm } from 'node:fs/promises';
import { type GitReference, withoutCredentials } from '#dockerfile/git-reference.ts';
import type { ContextSource, Material } from './context-source.ts';
import { type Checkout, fetchGit } from './git/fetch-git.ts';
import { openUnpacked } from './tar-context.ts';

/** A context in a git repository. */
export function gitContext(reference: GitReference): ContextSource {
  const cleanup = new AsyncDisposableStack();
  let fetched: Promise<Checkout> | undefined;
  return {
    title: titleOf(reference),
    async open(ask) {
      const keepGitDir = reference.keepGitDir ?? ask.keepGitDir;
      fetched ??= fetchGit({ ...reference, keepGitDir }, ask).then((checkout) => {
        cleanup.defer(() => rm(checkout.path, { recursive: true, force: true }));
        return checkout;
      });
      const { path, commit, epoch } = await fetched;
      return { ...openUnpacked(path, ask), material: gitMaterial(reference, commit), epoch };
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** As provenance names it. */
export function gitMaterial(reference: GitReference, commit: string): Material {
  return { uri: titleOf(reference), digest: { sha1: commit } };
}

function titleOf({ remote, looksLocal, ref }: GitReference): string {
  const address = withoutCredentials(looksLocal ? `https://${remote}` : remote);
  return ref === undefined ? address : `${address}#${ref}`;
}
