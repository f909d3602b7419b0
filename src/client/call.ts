import { InternalError } from '#lib/errors.ts';
import { type Client, type Exchange, type Method, readText } from './transport.ts';

/** Sends a request and reads the JSON of its answer. @throws {BerthError} of the kind that the status stands for */
export async function callJson<T>(
  client: Client,
  [method, path]: readonly [Method, string],
  exchange: Exchange = {},
): Promise<T> {
  const { body } = await client.send(method, path, exchange);
  const text = await readText(body);
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new InternalError(`the engine's answer to ${method} ${path} is no JSON`, {
      why: text.slice(0, 200),
      cause: error,
    });
  }
}

/** Sends a request whose answer says nothing more. @throws like `callJson` */
export async function callVoid(
  client: Client,
  [method, path]: readonly [Method, string],
  exchange: Exchange = {},
): Promise<void> {
  const { body } = await client.send(method, path, exchange);
  body.resume();
}

/** The `filters` parameter of lists; undefined if there are none. */
export function formatFilters(filters: Readonly<Record<string, readonly string[]>> | undefined): string | undefined {
  const named = Object.entries(filters ?? {}).filter(([, values]) => values.length > 0);
  if (named.length === 0) return undefined;
  return JSON.stringify(
    Object.fromEntries(named.map(([key, values]) => [key, Object.fromEntries(values.map((value) => [value, true]))])),
  );
}

/** A name as one part of a path. */
export function part(name: string): string {
  return encodeURIComponent(name);
}

/** An image's name in a path: its slashes stay. */
export function imagePart(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}
