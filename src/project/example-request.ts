import type { ExampleRequest } from '#ml/plan/plan.ts';
import { type Address, ask } from './wait-until-answers.ts';

/** A request that was tried and worked. */
export interface TriedRequest {
  method: string;
  path: string;
  body: string | undefined;
  answer: string;
}

const PREDICTS = /\/(predict|predictions?|infer|inference|invocations|classify|score|forecast|estimate)$/i;
const ANSWER_CHARACTERS = 300;

/** Finds a request that the service answers well: one that the project documents, else one made from its OpenAPI page. */
export async function findRequest(
  address: Address,
  known: readonly ExampleRequest[],
): Promise<TriedRequest | undefined> {
  for (const { method, path, body } of [
    ...known.filter((request) => request.body !== undefined),
    ...(await describedRequests(address)),
  ]) {
    const answer = await ask(address, path, { method, body, timeoutMs: 30_000 }).catch(() => undefined);
    if (answer !== undefined && answer.status < 300) return { method, path, body, answer: shorten(answer.text) };
  }
  return undefined;
}

/** The curl line for a request, as a person types it. */
export function curlLine(
  { host, port }: Address,
  { method, path, body }: Pick<TriedRequest, 'method' | 'path' | 'body'>,
): string {
  const url = `http://${host}:${port}${path}`;
  if (body === undefined) return `curl ${method === 'GET' ? '' : `-X ${method} `}${url}`;
  return `curl -X ${method} ${url} -H 'Content-Type: application/json' -d '${body.replaceAll("'", String.raw`'\''`)}'`;
}

function shorten(text: string): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' ');
  return line.length > ANSWER_CHARACTERS ? `${line.slice(0, ANSWER_CHARACTERS)}…` : line;
}

interface Schema {
  $ref?: string;
  type?: string;
  example?: unknown;
  examples?: readonly unknown[];
  default?: unknown;
  enum?: readonly unknown[];
  properties?: Record<string, Schema>;
  required?: readonly string[];
  items?: Schema;
  prefixItems?: readonly Schema[];
  minItems?: number;
  anyOf?: readonly Schema[];
  allOf?: readonly Schema[];
  minimum?: number;
  exclusiveMinimum?: number;
}

interface Description {
  paths?: Record<
    string,
    Record<string, { requestBody?: { content?: Record<string, { schema?: Schema; example?: unknown }> } }>
  >;
  components?: { schemas?: Record<string, Schema> };
}

/** Requests that predict, as `/openapi.json` describes them. */
async function describedRequests(address: Address): Promise<ExampleRequest[]> {
  const answer = await ask(address, '/openapi.json').catch(() => undefined);
  if (answer?.status !== 200) return [];
  try {
    const description = JSON.parse(answer.text) as Description;
    return Object.entries(description.paths ?? {}).flatMap(([path, methods]) => {
      const content = methods['post']?.requestBody?.content?.['application/json'];
      if (content === undefined || !PREDICTS.test(path)) return [];
      const value = content.example ?? sample(description, content.schema ?? {}, 0);
      return [{ method: 'POST', path, body: JSON.stringify(value), source: { file: '/openapi.json', line: 0 } }];
    });
  } catch {
    return [];
  }
}

const MAX_DEPTH = 8;

/** A value that a schema allows: its own example where it has one. */
function sample(description: Description, schema: Schema, depth: number): unknown {
  const inner = (child: Schema | undefined): unknown =>
    depth > MAX_DEPTH ? null : sample(description, child ?? {}, depth + 1);
  if (schema.$ref !== undefined) return inner(description.components?.schemas?.[schema.$ref.split('/').at(-1) ?? '']);
  const given = schema.example ?? schema.examples?.[0] ?? schema.default ?? schema.enum?.[0];
  if (given !== undefined) return given;
  const part = schema.allOf?.[0] ?? schema.anyOf?.[0];
  if (part !== undefined) return inner(part);
  if (schema.properties !== undefined)
    return Object.fromEntries(Object.entries(schema.properties).map(([name, child]) => [name, inner(child)]));
  if (schema.type === 'array')
    return (
      schema.prefixItems?.map(inner) ??
      Array.from({ length: Math.min(schema.minItems ?? 1, 100) }, () => inner(schema.items))
    );
  if (schema.type === 'string') return 'hello';
  return schema.type === 'boolean'
    ? true
    : schema.type === 'number' || schema.type === 'integer'
      ? Math.max(1, schema.minimum ?? 1)
      : null;
}
