import type { IncomingMessage } from 'node:http';
import { normaliseFields } from '#api/field-names.ts';
import { InvalidArgumentError, TooLargeError } from '#lib/errors.ts';

/** No request of the Engine API needs more; a larger one is not collected. */
export const JSON_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Reads a JSON body as a Go server does: field names in any case, unknown fields kept, one document.
 * @throws {InvalidArgumentError} with the Engine API's texts; {TooLargeError} beyond the limit
 */
export async function readJsonBody(request: IncomingMessage, limitBytes = JSON_LIMIT_BYTES): Promise<unknown> {
  return normaliseFields(await readOwnJsonBody(request, limitBytes));
}

/** The same for our own routes, whose field names are as they are. */
export async function readOwnJsonBody(request: IncomingMessage, limitBytes = JSON_LIMIT_BYTES): Promise<unknown> {
  const text = await readText(request, limitBytes);
  if (text.trim() === '') throw new InvalidArgumentError('invalid JSON: got EOF while reading request body');
  const type = request.headers['content-type'];
  if (type !== undefined && type.split(';')[0]?.trim().toLowerCase() !== 'application/json')
    throw new InvalidArgumentError(`unsupported Content-Type header (${type}): must be 'application/json'`);
  return parse(text);
}

async function readText(request: IncomingMessage, limitBytes: number): Promise<string> {
  const tooLarge = (): TooLargeError =>
    new TooLargeError(`request body too large: the limit for JSON is ${limitBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const source: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const why = (error as Error).message;
    // V8 reports a second document as what it is: something behind a value that was complete.
    if (/after JSON/.test(why)) throw new InvalidArgumentError('unexpected content after JSON', { cause: error });
    throw new InvalidArgumentError(`invalid JSON: ${why}`, { cause: error });
  }
}
