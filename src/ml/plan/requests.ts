import type { AppFacts } from '../detect/app.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { lineAt } from '../detect/python-version.ts';
import type { PythonRoute } from '../python/module.ts';
import type { ExampleRequest } from './plan.ts';

/** Routes whose purpose is a prediction: asking one changes nothing. */
const PREDICTS =
  /\/(predict|prediction|predictions|infer|inference|invocations|classify|score|forecast|estimate|recommend)\b/i;
const MAX_BODY = 2000;

/** Requests to a model that are known to be right or likely so: from the README, else from the keys the code reads, else from the page's form. */
export async function exampleRequests(facts: ProjectFacts, app: AppFacts): Promise<ExampleRequest[]> {
  const routes = app.module.routes.filter(({ path, methods }) => methods.includes('POST') && PREDICTS.test(path));
  const documented = await curlLines(facts, app);
  const found: ExampleRequest[] = [];
  for (const route of routes) {
    const source = { file: app.module.path, line: route.line };
    const written = documented.find(({ path }) => path === route.path);
    const body = written?.body ?? bodyOfKeys(route) ?? (await bodyOfForm(facts));
    found.push({ method: 'POST', path: route.path, body, source: written === undefined ? source : written.source });
  }
  return found;
}

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

function validJson(text: string): string | undefined {
  if (text.length > MAX_BODY) return undefined;
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

function bodyOfKeys({ keys }: PythonRoute): string | undefined {
  return keys.length === 0 ? undefined : JSON.stringify(Object.fromEntries(keys.map((key) => [key, valueFor(key)])));
}

/** A plausible value by the name of its key. */
function valueFor(key: string): unknown {
  if (/^(text|sentence|prompt|message|query|question|input_text|review)s?$/i.test(key))
    return /s$/i.test(key) ? ['hello'] : 'hello';
  return /^(features|inputs?|instances|data|values|x)$/i.test(key) ? [[1, 2, 3, 4]] : 1;
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
