import { readOutput } from '#client/output-streams.ts';
import type { Hijacked } from '#client/transport.ts';
import { connectError } from '#client/connect-error.ts';
import type { EngineAddress } from '#client/address.ts';
import type { Output } from '../output/output.ts';
import { parseDetachKeys, watchDetachKeys } from './detach-keys.ts';

const RESIZE_TRIES = 10;
const RESIZE_PAUSE_MS = 10;

/** A connection between this terminal and a container. */
export interface Session {
  connection: Hijacked;
  address: EngineAddress;
  output: Output;
  /** The container has a terminal. */
  terminal: boolean;
  /** Whether this side's input goes to the container. */
  input: boolean;
  detachKeys?: string | undefined;
  /** Tells the container the size of this terminal. */
  resize: (size: { height: number; width: number }) => Promise<void>;
}

/** Copies both ways until the container closes its side, or the person types the detach keys. */
export async function runSession(session: Session): Promise<'ended' | 'detached'> {
  const { connection, terminal, output } = session;
  using stack = new DisposableStack();
  let detached = false;
  const raw = terminal && session.input && process.stdin.isTTY;
  if (raw) {
    process.stdin.setRawMode(true);
    stack.defer(() => process.stdin.setRawMode(false));
  }
  if (terminal && output.stdout.isTTY) stack.defer(followSize(session));
  if (session.input)
    stack.defer(
      copyInput(session, () => {
        detached = true;
        connection.socket.destroy();
      }),
    );
  try {
    for await (const { stream, bytes } of readOutput(connection.socket, { terminal }))
      await output.bytes(bytes, stream);
  } catch (error) {
    if (!detached) throw (error as { code?: string }).code === undefined ? error : connectError(session.address, error);
  }
  return detached ? 'detached' : 'ended';
}

function copyInput({ connection, terminal, detachKeys }: Session, detach: () => void): () => void {
  const { socket } = connection;
  const watch = terminal ? watchDetachKeys(parseDetachKeys(detachKeys)) : undefined;
  const { stdin } = process;
  const onData = (typed: Buffer): void => {
    const { forward, found } = watch?.(typed) ?? { forward: typed, found: false };
    if (forward.length > 0 && !socket.write(forward)) {
      stdin.pause();
      socket.once('drain', () => stdin.resume());
    }
    if (found) detach();
  };
  const onEnd = (): void => void socket.end();
  socket.on('error', () => {}); // the reading side reports it
  stdin.on('data', onData).on('end', onEnd).on('error', onEnd);
  stdin.resume();
  return () => {
    stdin.off('data', onData).off('end', onEnd);
    stdin.pause();
  };
}

/** At once, in short pauses until the container has a terminal to size, then whenever the window changes. */
function followSize({ output, resize }: Session): () => void {
  const state = { ended: false };
  const tell = async (): Promise<void> => resize({ height: output.stdout.rows, width: output.stdout.columns });
  const first = async (): Promise<void> => {
    for (let attempt = 1; attempt <= RESIZE_TRIES && !state.ended; attempt++) {
      const done = await tell().then(
        () => true,
        () => false,
      );
      if (done) return;
      await new Promise((resolve) => setTimeout(resolve, RESIZE_PAUSE_MS * attempt));
    }
  };
  const onResize = (): void => void tell().catch(() => {});
  void first();
  output.stdout.on('resize', onResize);
  return () => {
    state.ended = true;
    output.stdout.off('resize', onResize);
  };
}

/** Characters of this terminal; undefined without one. */
export function terminalSize({ stdout }: Output): readonly [height: number, width: number] | undefined {
  return stdout.isTTY ? [stdout.rows, stdout.columns] : undefined;
}
