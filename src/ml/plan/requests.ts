import type { AppFacts } from '../detect/app.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { reachable } from '../detect/reach.ts';
import { type RouteFacts, routesOf } from '../detect/routes.ts';
import type { ClassFacts } from '../python/module.ts';
import { exampleArguments, exampleBody } from './example-body.ts';
import type { ExampleRequest } from './plan.ts';
import { valueFor } from './value-for.ts';

/** Routes whose purpose is a prediction: asking one changes nothing. */
const PREDICTS =
  /\/(predict\w*|prediction|predictions|infer|inference|invocations|classify|classification|score|forecast|estimate|recommend|detect|embed|embeddings?|encode|rank|rerank|similarity|summarize|translate|generate|sentiment|analy[sz]e|completions?)\b/i;
const MAX_BODY = 2000;
const MAX_REQUESTS = 8;

/** Requests to a model that are known to be right or likely so: from the README, else from what the handler takes, else from the page's form. */
export async function exampleRequests(facts: ProjectFacts, app: AppFacts): Promise<ExampleRequest[]> {
  const routes = routesOf(facts, app).filter(
    ({ path, methods, asks }) => methods.includes('POST') && (PREDICTS.test(path) || asks) && !/[<{]/.test(path),
  );
  const documented = await curlLines(facts, app);
  if (app.kind === 'handler') return handlerRequests(app, documented);
  const classes = new Map(reachable(facts, app.module).flatMap((module) => module.classes.map((item) => [item.name, item] as const)));
  const found: ExampleRequest[] = [];
  for (const route of routes.slice(0, MAX_REQUESTS)) {
    const source = { file: route.module.path, line: route.line };
    const written = documented.find(({ path }) => path === route.path);
    const made = written === undefined ? await madeRequest(facts, route, classes) : undefined;
    const path = made?.query === undefined ? route.path : `${route.path}?${made.query}`;
    found.push({ method: 'POST', path, body: written?.body ?? made?.body, source: written === undefined ? source : written.source });
  }
  return found;
} // prettier-ignore

/** What the serving runtime is asked to hand to a function. */
function handlerRequests({ module, variable, line }: AppFacts, documented: readonly ExampleRequest[]): ExampleRequest[] {
  const written = documented.find(({ path }) => path === '/predictions');
  if (written !== undefined) return [written];
  const handler = module.functions.find(({ name }) => name === variable);
  const classes = new Map(module.classes.map((item) => [item.name, item] as const));
  const body = handler === undefined ? undefined : exampleArguments(handler.parameters, classes);
  return body === undefined ? [] : [{ method: 'POST', path: '/predictions', body, source: { file: module.path, line } }];
} // prettier-ignore

interface Made {
  body: string | undefined;
  query?: string | undefined;
}

async function madeRequest(facts: ProjectFacts, route: RouteFacts, classes: ReadonlyMap<string, ClassFacts>): Promise<Made> {
  const typed = exampleBody(route, classes);
  if (typed !== undefined) return typed;
  return { body: bodyOfKeys(route) ?? (await bodyOfForm(facts)) };
} // prettier-ignore

/** `curl` lines in the README and in the app's docstring that send JSON. */
async function curlLines(facts: ProjectFacts, app: AppFacts): Promise<ExampleRequest[]> {
  const readme = facts.tree.files.find(({ path }) => /^readme(\.md|\.rst|\.txt)?$/i.test(path))?.path;
  const texts: (readonly [string, string])[] = [];
  if (readme !== undefined) texts.push([readme, (await facts.tree.read(readme)) ?? '']);
  if (app.module.docstring !== undefined) texts.push([app.module.path, app.module.docstring]);
  return texts.flatMap(([file, text]) =>
    [...text.matchAll(/curl\b((?:\\\n|[^\n])*)/g)].flatMap((match) => {
      const command = (match[1] ?? '').replaceAll('\\\n', ' ');
      const path = /https?:\/\/[^/\s"']+(\/[^\s"'?]*)/.exec(command)?.[1];
      const body = /(?:-d|--data(?:-raw|-binary)?|--json)[\s=]+('([^']*)'|"((?:\\.|[^"\\])*)")/.exec(command);
      const json = body === null ? undefined : validJson(body[2] ?? body[3]?.replaceAll('\\"', '"') ?? '');
      if (path === undefined || json === undefined) return [];
      return [{ method: 'POST', path, body: json, source: { file, line: lineAt(text, match.index) } }];
    }),
  );
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function validJson(text: string): string | undefined {
  if (text.length > MAX_BODY) return undefined;
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

function bodyOfKeys({ keys }: RouteFacts): string | undefined {
  return keys.length === 0 ? undefined : JSON.stringify(Object.fromEntries(keys.map((key) => [key, valueFor(key)])));
}

/** Names and first values of the number inputs of the project's page. */
async function bodyOfForm(facts: ProjectFacts): Promise<string | undefined> {
  const page = facts.tree.files.find(({ path }) => /(^|\/)(index|home|form)\.html$/.test(path))?.path;
  const html = page === undefined ? undefined : await facts.tree.read(page);
  const fields = [...(html ?? '').matchAll(/<input\b[^<>]{0,2000}>/g)].flatMap(([tag]) => {
    const [name, value] = [/\bname="([\w-]+)"/.exec(tag)?.[1], /\bvalue="([^"{}]*)"/.exec(tag)?.[1]];
    return name === undefined || /type="(submit|hidden|file)"/.test(tag)
      ? []
      : [[name, Number(value ?? 1) || 1] as const];
  });
  return fields.length === 0 ? undefined : JSON.stringify(Object.fromEntries(fields));
}
