import { InvalidArgumentError } from '#lib/errors.ts';
import type { Handler, Route } from './route.ts';

export interface Match {
  handler: Handler;
  params: Readonly<Record<string, string>>;
}

export interface Router {
  /** @throws {InvalidArgumentError} if a part of the path is not properly escaped */
  match(method: string, path: string): Match | undefined;
}

interface Compiled {
  pattern: RegExp;
  names: readonly string[];
  handler: Handler;
  /** What is taken first: no parameters before few, one segment before the rest. */
  rank: number;
}

/** Compiles routes; of several that match a path, the most literal one wins, then the first. */
export function createRouter(routes: readonly Route[]): Router {
  const byMethod = new Map<string, Compiled[]>();
  for (const [method, path, handler] of routes) {
    const list = byMethod.get(method) ?? [];
    list.push(compile(path, handler));
    byMethod.set(method, list);
  }
  for (const list of byMethod.values()) list.sort((a, b) => a.rank - b.rank);

  return {
    match(method, path) {
      for (const { pattern, names, handler } of byMethod.get(method) ?? []) {
        const found = pattern.exec(path);
        if (found === null) continue;
        const params = Object.fromEntries(names.map((name, index) => [name, decodePart(found[index + 1] ?? '')]));
        return { handler, params };
      }
      return undefined;
    },
  };
}

/** Splits `/v1.41/info` into version text and path; the version is undefined without the prefix. */
export function splitVersion(path: string): { version: string | undefined; path: string } {
  const parts = /^\/v([0-9.]+)(\/.*)$/.exec(path);
  return { version: parts?.[1], path: parts?.[2] ?? path };
}

function compile(path: string, handler: Handler): Compiled {
  const names: string[] = [];
  let rank = 0;
  const source = path.split('/').map((segment) => {
    if (!segment.startsWith(':')) return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const rest = segment.endsWith('*');
    names.push(segment.slice(1, rest ? -1 : undefined));
    rank += rest ? 100 : 1;
    return rest ? '(.+)' : '([^/]+)';
  });
  // Of two patterns with as many parameters the longer one has more literal segments: `/images/:name*/json` before `/images/:name*`.
  rank -= source.length / 1000;
  return { pattern: new RegExp(`^${source.join('/')}$`), names, handler, rank };
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new InvalidArgumentError(`invalid URL escape in ${JSON.stringify(part)}`, { cause: error });
  }
}
