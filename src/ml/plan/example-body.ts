import type { Literal } from '../python/literal.ts';
import type { ClassFacts, Parameter, PythonRoute } from '../python/module.ts';
import { valueFor } from './value-for.ts';

const MAX_DEPTH = 4;
const PASSED_IN =
  /^(?:(?:fastapi\.|starlette\.(?:requests\.)?)?(?:Request|Response|WebSocket|BackgroundTasks|HTTPConnection)|\w*Session|Depends.*)$/;
const FILES = /UploadFile|\bFile\b|\bForm\b|bytes/;

/**
 * A body and a query that the annotations of a handler allow: models of pydantic become objects, plain parameters the query. Undefined where the
 * handler has no annotations, or takes files and forms.
 */
export function exampleBody(
  { parameters, path }: PythonRoute,
  classes: ReadonlyMap<string, ClassFacts>,
): { body: string | undefined; query?: string | undefined } | undefined {
  const asked = parameters.filter(({ name, annotation }) => annotation !== undefined && !PASSED_IN.test(plain(annotation)) && !path.includes(`{${name}`));
  if (asked.length === 0 || asked.some(({ annotation = '' }) => FILES.test(annotation))) return undefined;
  const bodies = asked.filter(({ annotation = '', fallback }) => fallback?.value === undefined && isBody(plain(annotation), classes));
  const query = asked.filter((item) => !bodies.includes(item) && item.fallback === undefined);
  const values = bodies.map((item) => [item.name, valueOf(item, classes, 0)] as const);
  const [only] = values;
  const body = only === undefined ? undefined : values.length === 1 ? only[1] : Object.fromEntries(values);
  return {
    body: body === undefined ? undefined : JSON.stringify(body),
    query: query.length === 0 ? undefined : query.map((item) => `${item.name}=${encodeURIComponent(String(valueOf(item, classes, 0)))}`).join('&'),
  };
} // prettier-ignore

/** An object with a value for each argument that a function cannot do without; undefined where their annotations do not say what they are. */
export function exampleArguments(parameters: readonly Parameter[], classes: ReadonlyMap<string, ClassFacts>): string | undefined {
  const asked = parameters.filter(({ name, fallback }) => fallback === undefined && !name.startsWith('*') && name !== 'self');
  if (asked.length === 0 || asked.some(({ annotation }) => annotation === undefined || FILES.test(annotation) || !isPlain(plain(annotation), classes))) return undefined;
  return JSON.stringify(Object.fromEntries(asked.map((item) => [item.name, valueOf(item, classes, 0)])));
} // prettier-ignore

function isPlain(type: string, classes: ReadonlyMap<string, ClassFacts>): boolean {
  return /^(?:str|int|float|bool)$/.test(type) || isBody(type, classes);
}

/** Without `Optional[…]`, `Annotated[…]` and `| None`. */
function plain(annotation: string): string {
  const inner = /^(?:\w+\.)?(?:Optional|Annotated|Union|Final|Required)\[\s*((?:[^[\],]|\[[^\]]*\])+)/.exec(annotation)?.[1];
  return (inner ?? annotation).replace(/\|\s*None|None\s*\|/g, '').trim().replace(/^["']|["']$/g, '');
} // prettier-ignore

function isBody(type: string, classes: ReadonlyMap<string, ClassFacts>): boolean {
  return classes.get(type)?.fields.length !== undefined || /^(?:list|List|dict|Dict|Sequence|conlist|Any)\b/.test(type);
}

function valueOf({ name, annotation = '', fallback }: Parameter, classes: ReadonlyMap<string, ClassFacts>, depth: number): unknown {
  const known = fallback?.value;
  if (known !== undefined && known !== null && known !== '') return known satisfies Literal;
  const type = plain(annotation);
  const own = classes.get(type);
  if (own !== undefined && depth < MAX_DEPTH)
    return Object.fromEntries(fieldsOf(own, classes).map((field) => [field.name, valueOf(field, classes, depth + 1)]));
  const item = /^(?:\w+\.)?(?:list|List|Sequence|Iterable|tuple|Tuple|conlist|set|Set)[[(]\s*([^]*?)[\])]$/.exec(type)?.[1];
  if (item !== undefined && depth < MAX_DEPTH) {
    const one = valueOf({ name, annotation: item.split(',')[0] ?? '', fallback: undefined }, classes, depth + 1);
    return typeof one === 'number' ? [1, 2, 3, 4] : [one];
  }
  const choice = /Literal\[\s*(?:["']([^"']*)["']|(\d+))/.exec(type);
  if (choice !== null) return choice[1] ?? Number(choice[2]);
  if (/^(?:str|constr|EmailStr|AnyUrl|HttpUrl|Text|StrictStr)\b/.test(type)) return typeof valueFor(name) === 'string' ? valueFor(name) : 'hello';
  if (/^(?:bool|StrictBool)\b/.test(type)) return true;
  if (/^(?:dict|Dict|Mapping)\b/.test(type)) return {};
  return /^(?:int|float|conint|confloat|Decimal|Positive|NonNegative|Strict)/.test(type) ? 1 : valueFor(name);
} // prettier-ignore

/** Fields of a class and of those it is derived from. */
function fieldsOf(own: ClassFacts, classes: ReadonlyMap<string, ClassFacts>, depth = 0): readonly Parameter[] {
  const above = depth > MAX_DEPTH ? [] : own.bases.flatMap((base) => classes.get(base) ?? []);
  const inherited = above.filter((base) => base !== own).flatMap((base) => fieldsOf(base, classes, depth + 1));
  const names = new Set(own.fields.map(({ name }) => name));
  return [...inherited.filter(({ name }) => !names.has(name)), ...own.fields].filter(({ name }) => !name.startsWith('_') && name !== 'model_config');
} // prettier-ignore
