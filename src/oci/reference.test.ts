import { describe, expect, test } from 'vitest';
import references from './reference.cases.json' with { type: 'json' };
import { canonicalName, familiarName, parseReference, withDefaultTag } from './reference.ts';

interface Case {
  in: string;
  error?: boolean;
  name?: string;
  domain?: string;
  path?: string;
  tag?: string;
  digest?: string;
  familiar?: string;
  pull?: string;
}

describe('a name is read as the reference implementation does', () => {
  // A digest of another algorithm than sha256 is a valid name there; content here is stored by sha256 only.
  const cases = (references.cases as Case[]).filter(({ digest }) => digest?.startsWith('sha512:') !== true);
  test.each(cases)('$in', (given) => {
    if (given.error === true) {
      expect(() => parseReference(given.in)).toThrow();
      return;
    }
    const reference = parseReference(given.in);
    const { domain, path, tag, digest } = reference;
    expect({ domain, path, tag, digest }).toEqual({
      domain: given.domain,
      path: given.path,
      tag: given.tag,
      digest: given.digest,
    });
    expect(familiarName(reference)).toBe(given.familiar);
    expect(canonicalName({ domain, path })).toBe(given.name);
    const asked = withDefaultTag(reference);
    const { tag: _tag, ...withoutTag } = asked;
    expect(canonicalName(digest === undefined ? asked : withoutTag)).toBe(given.pull);
  });

  test('a digest that is not sha256 is refused', () => {
    expect(() => parseReference(`a@sha512:${'a'.repeat(128)}`)).toThrow();
  });
});
