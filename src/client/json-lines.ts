import type { ProgressMessage } from '#api/progress.ts';
import { InternalError, InvalidArgumentError } from '#lib/errors.ts';

const LINE_LIMIT_CHARACTERS = 16 * 1024 * 1024;

/** Reads one JSON document per line, as they arrive. @throws {InvalidArgumentError} for a line that is none */
export async function* readJsonLines<T>(source: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_LIMIT_CHARACTERS) throw new InvalidArgumentError('a line of the answer is too long');
    for (const line of lines) if (line.trim() !== '') yield parseLine(line) as T;
  }
  if (rest.trim() !== '') yield parseLine(rest) as T;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw new InvalidArgumentError('the engine sent a line that is no JSON', { why: line.slice(0, 200), cause: error });
  }
}

/**
 * The messages of a pull, push, load, build or import; an error among them is thrown.
 * @throws {InternalError} with the engine's text; {InvalidArgumentError} for a line that is no JSON
 */
export async function* readProgress(source: AsyncIterable<Uint8Array>): AsyncGenerator<ProgressMessage> {
  for await (const message of readJsonLines<ProgressMessage>(source)) {
    const { error, errorDetail } = message;
    if (error === undefined && errorDetail === undefined) {
      yield message;
      continue;
    }
    const { why, hint } = errorDetail ?? {};
    throw new InternalError(errorDetail?.message ?? error ?? 'the engine reports an error', {
      ...(why !== undefined && { why }),
      ...(hint !== undefined && { hint }),
    });
  }
}
