import { expect, test } from 'vitest';
import ports from './cases/port-specs.json' with { type: 'json' };
import { parseExposed } from './exposed-ports.ts';

test.each(ports.cases as { in: string; error?: boolean; out?: { container: string }[] }[])(
  'EXPOSE $in is read as the reference does',
  (given) => {
    if (given.error === true) expect(() => parseExposed(given.in)).toThrow('Invalid');
    else expect(parseExposed(given.in)).toEqual([...new Set(given.out?.map(({ container }) => container))]);
  },
);
