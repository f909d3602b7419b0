import { printDocuments } from './list.ts';
import type { Output } from './output.ts';

/** Prints what is found, then a problem for each name that is not; an empty list when nothing is. @returns the exit code */
export async function inspectEach(
  output: Output,
  names: readonly string[],
  { format, look }: { format: string | undefined; look: (name: string) => Promise<unknown> },
): Promise<number> {
  const documents: unknown[] = [];
  const errors: unknown[] = [];
  for (const name of names) {
    await look(name).then(
      (document) => documents.push(document),
      (error: unknown) => errors.push(error),
    );
  }
  printDocuments(output, documents, format);
  for (const error of errors) output.problem(error);
  return errors.length === 0 ? 0 : 1;
}
