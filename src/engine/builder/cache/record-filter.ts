import { InvalidArgumentError } from '#lib/errors.ts';
import type { CacheRecord } from './cache-record.ts';

/** What a filter asks for, by name: a text to compare, or whether it holds. */
const FIELDS: Readonly<Record<string, (record: CacheRecord) => string | boolean | readonly string[]>> = {
  id: ({ id }) => id,
  parent: ({ parents }) => parents,
  parents: ({ parents }) => parents,
  description: ({ description }) => description,
  type: ({ kind }) => kind,
  inuse: ({ isUsed }) => isUsed,
  shared: ({ isShared }) => isShared,
  private: ({ isShared }) => !isShared,
  mutable: ({ isMutable }) => isMutable,
  immutable: ({ isMutable }) => !isMutable,
};

type Test = (record: CacheRecord) => boolean;

/**
 * Filters as BuildKit's clients write them: `type==regular,description~=pip.*,inuse`. All parts of one must hold, of several filters one must.
 * @throws {InvalidArgumentError} for a field that records have not, or an expression that is none
 */
export function compileRecordFilters(filters: readonly string[]): Test {
  const tests = filters.filter((text) => text.trim() !== '').map(compileOne);
  return (record) => tests.length === 0 || tests.some((test) => test(record));
}

/** Nothing is of two types: that one part says `type==a` and another `type==b` means either. */
function compileOne(text: string): Test {
  const groups = new Map<string, Test[]>();
  for (const part of splitParts(text)) {
    const [, name = '', operator] = PART.exec(part) ?? [];
    const group = operator === '==' || operator === '=' ? name.toLowerCase() : part;
    groups.set(group, [...(groups.get(group) ?? []), compilePart(part)]);
  }
  const tests = [...groups.values()];
  return (record) => tests.every((group) => group.some((test) => test(record)));
}

/** At commas that are not inside quotes. */
function splitParts(text: string): string[] {
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|[^,])+/g) ?? []).map((part) => part.trim());
}

const PART = /^([a-z]+)(?:(==|!=|~=|=)(.*))?$/is;

function compilePart(part: string): Test {
  const [, name = '', operator, written = ''] = PART.exec(part) ?? [];
  const field = FIELDS[name.toLowerCase()];
  if (field === undefined)
    throw new InvalidArgumentError(`invalid filter ${JSON.stringify(part)}`, {
      why: 'records of the build cache have no such field',
      hint: `filter by ${Object.keys(FIELDS).join(', ')}, like type==regular`,
    });
  const value = unquote(written);
  const matches = operator === '~=' ? matcher(part, value) : (text: string) => text === value;
  return (record) => {
    const actual = field(record);
    const isWanted = operator !== '!=';
    if (typeof actual === 'boolean') return actual === (/^(0|false|f)$/i.test(value) ? !isWanted : isWanted);
    if (operator === undefined) return actual.length > 0;
    const texts = typeof actual === 'string' ? [actual] : actual;
    return texts.some(matches) === isWanted;
  };
}

function unquote(text: string): string {
  const quoted = /^"(.*)"$/s.exec(text);
  return quoted === null ? text : (quoted[1] ?? '').replace(/\\(.)/gs, '$1');
}

function matcher(part: string, pattern: string): (text: string) => boolean {
  try {
    const expression = new RegExp(pattern);
    return (text) => expression.test(text);
  } catch (error) {
    throw new InvalidArgumentError(`invalid filter ${JSON.stringify(part)}`, {
      why: (error as Error).message,
      hint: 'write a regular expression behind ~=',
      cause: error,
    });
  }
}
