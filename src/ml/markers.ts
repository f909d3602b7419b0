import { compareVersions, meets, parseSpecifiers } from './version.ts';

/** Where a package will be installed, as far as markers ask for it. */
export interface MarkerEnvironment {
  /** Two or three numbers: `3.11`, `3.11.9`. */
  python: string;
  /** Extras and groups that are asked for. */
  extras?: readonly string[];
  machine?: string;
}

/** A marker that is taken apart: comparisons below `and` and `or`. */
export type Marker = { kind: 'and' | 'or'; left: Marker; right: Marker } | Comparison;

interface Comparison {
  kind: 'compare';
  left: Operand;
  operator: string;
  right: Operand;
}

type Operand = { variable: string } | { text: string };

const MAX_CHARACTERS = 4000;
const MAX_DEPTH = 50;

/** Reads an environment marker (PEP 508, "Environment Markers"; `dependency_groups` and `extras` of PEP 751); undefined if it is none. */
export function parseMarker(text: string): Marker | undefined {
  const tokens = text.length > MAX_CHARACTERS ? undefined : tokensOf(text);
  if (tokens === undefined) return undefined;
  const reader = { tokens, at: 0, depth: 0 };
  const marker = readOr(reader);
  return marker !== undefined && reader.at === tokens.length ? marker : undefined;
}

/** Whether a marker holds on Linux with CPython; what is no marker holds, since nobody could have meant to exclude anything by it. */
export function holds(marker: string, environment: MarkerEnvironment): boolean {
  if (marker.trim() === '') return true;
  const parsed = parseMarker(marker);
  return parsed === undefined || evaluate(parsed, environment);
}

const TOKEN = /\s*(?:("[^"]*"|'[^']*')|(===|==|~=|!=|<=|>=|<|>)|([()])|([A-Za-z_][\w.]*))\s*/y;

function tokensOf(text: string): string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    tokens.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? '');
  }
  return tokens;
}

interface Reader {
  tokens: readonly string[];
  at: number;
  depth: number;
}

function readOr(reader: Reader): Marker | undefined {
  let left = readAnd(reader);
  while (left !== undefined && reader.tokens[reader.at] === 'or') {
    reader.at++;
    const right = readAnd(reader);
    left = right && { kind: 'or', left, right };
  }
  return left;
}

function readAnd(reader: Reader): Marker | undefined {
  let left = readComparison(reader);
  while (left !== undefined && reader.tokens[reader.at] === 'and') {
    reader.at++;
    const right = readComparison(reader);
    left = right && { kind: 'and', left, right };
  }
  return left;
}

function readComparison(reader: Reader): Marker | undefined {
  if (reader.tokens[reader.at] === '(') return readGroup(reader);
  const left = readOperand(reader);
  let operator = reader.tokens[reader.at++] ?? '';
  if (operator === 'not' && reader.tokens[reader.at] === 'in') {
    reader.at++;
    operator = 'not in';
  }
  const right = readOperand(reader);
  if (left === undefined || right === undefined || !/^(===|==|~=|!=|<=|>=|<|>|in|not in)$/.test(operator))
    return undefined;
  return { kind: 'compare', left, operator, right };
}

function readGroup(reader: Reader): Marker | undefined {
  if (++reader.depth > MAX_DEPTH) return undefined;
  reader.at++;
  const inner = readOr(reader);
  reader.depth--;
  return reader.tokens[reader.at++] === ')' ? inner : undefined;
}

function readOperand(reader: Reader): Operand | undefined {
  const token = reader.tokens[reader.at++];
  if (token === undefined || /^(and|or|in|not|[()=<>!~]+)$/.test(token)) return undefined;
  return /^["']/.test(token) ? { text: token.slice(1, -1) } : { variable: token };
}

function evaluate(marker: Marker, environment: MarkerEnvironment): boolean {
  if (marker.kind === 'compare') return compare(marker, environment);
  const isMet = evaluate(marker.left, environment);
  if (marker.kind === 'and') return isMet && evaluate(marker.right, environment);
  return isMet || evaluate(marker.right, environment);
}

function compare(marker: Comparison, environment: MarkerEnvironment): boolean {
  const { left, operator, right } = marker;
  const set = setOf(left, environment) ?? setOf(right, environment);
  if (set !== undefined) return asksForExtra(marker, set);
  const [a, b] = [valueOf(left, environment), valueOf(right, environment)];
  const isVersion = [left, right].some((side) => 'variable' in side && side.variable.endsWith('version') && side.variable !== 'platform_version'); // prettier-ignore
  return isVersion ? compareAsVersions({ a, operator, b }, 'variable' in right) : compareAsText(a, operator, b);
}

/** `extra == "gpu"`, and the sets that lock files ask: `"dev" in dependency_groups`. */
function asksForExtra({ left, operator, right }: Comparison, set: readonly string[]): boolean {
  const wanted = normal('text' in left ? left.text : 'text' in right ? right.text : '');
  const isIn = set.map(normal).includes(wanted);
  return operator === '!=' || operator === 'not in' ? !isIn : isIn;
}

const normal = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

function setOf(operand: Operand, { extras = [] }: MarkerEnvironment): readonly string[] | undefined {
  if (!('variable' in operand)) return undefined;
  return /^(extra|extras|dependency_groups)$/.test(operand.variable) ? extras : undefined;
}

/** `python_version >= "3.9"`; with the variable on the right the comparison is turned. */
function compareAsVersions({ a, operator, b }: { a: string; operator: string; b: string }, turned: boolean): boolean {
  if (operator === 'in' || operator === 'not in') {
    const parts = b.split(/[\s,|]+/).filter((part) => part !== '');
    const isIn = parts.length > 1 ? parts.some((part) => compareVersions(part, a) === 0) : b.includes(a);
    return operator === 'in' ? isIn : !isIn;
  }
  const [subject, sign, object] = turned ? [b, TURNED[operator] ?? operator, a] : [a, operator, b];
  const clause = `${sign}${object}`;
  return parseSpecifiers(clause) === undefined
    ? compareAsText(subject, sign, object)
    : meets(subject, clause, { prereleases: true });
}

const TURNED: Readonly<Record<string, string>> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' };

function compareAsText(a: string, operator: string, b: string): boolean {
  switch (operator) {
    case '==':
    case '===':
      return a === b;
    case '!=':
      return a !== b;
    case 'in':
      return b.includes(a);
    case 'not in':
      return !b.includes(a);
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a >= b;
  }
}

function valueOf(operand: Operand, { python, machine = 'x86_64' }: MarkerEnvironment): string {
  if ('text' in operand) return operand.text;
  switch (operand.variable) {
    case 'python_version':
      return python.split('.').slice(0, 2).join('.');
    case 'python_full_version':
    case 'implementation_version':
      return python.split('.').length > 2 ? python : `${python}.9`;
    case 'os_name':
    case 'os.name':
      return 'posix';
    case 'sys_platform':
    case 'sys.platform':
      return 'linux';
    case 'platform_system':
      return 'Linux';
    case 'platform_machine':
    case 'platform.machine':
      return machine;
    case 'implementation_name':
      return 'cpython';
    case 'platform_python_implementation':
    case 'platform.python_implementation':
    case 'python_implementation':
      return 'CPython';
    default:
      return '';
  }
}
