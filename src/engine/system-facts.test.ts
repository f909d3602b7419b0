import { expect, test } from 'vitest';
import { runcWarnings } from './system-facts.ts';

test('a runc without the fixes of 2025 is warned of once, a fixed one is not', () => {
  for (const version of ['1.1.5', '1.2.7', '1.3.0', '1.4.2']) expect(runcWarnings(version)).toHaveLength(1);
  for (const version of ['1.2.8', '1.3.6', '1.3.7', '1.4.3', '1.5.0', '2.0.0'])
    expect(runcWarnings(version)).toEqual([]);
  expect(runcWarnings('')).toEqual(['WARNING: the version of runc is unknown']);
});
