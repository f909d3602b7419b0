import { packTree } from '#engine/snapshots/tree/pack-tree.ts';
import { type Context, publish } from './context.ts';
import { withOwnTree } from './tree.ts';

/** Hands all of a container's own files out as a tar. @throws {NotFoundError} */
export async function exportContainer(
  context: Context,
  { name, signal }: { name: string; signal?: AbortSignal },
  work: (tar: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const record = context.records.find(name);
  await withOwnTree(context, record.id, async (root) => work(packTree(root, '', { signal })));
  publish(context, record, { action: 'export' });
}
