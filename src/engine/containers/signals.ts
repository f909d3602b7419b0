import { constants } from 'node:os';
import { InvalidArgumentError } from '#lib/errors.ts';

const REALTIME_FIRST = 34;
const REALTIME_LAST = 64;

/** Number of a signal by name, with or without SIG, or by number. @throws {InvalidArgumentError} `invalid signal: x` */
export function parseSignal(text: string): number {
  const invalid = new InvalidArgumentError(`invalid signal: ${text}`);
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number < 1 || number > REALTIME_LAST) throw invalid;
    return number;
  }
  const name = text.toUpperCase().replace(/^SIG/, '');
  const known = (constants.signals as Readonly<Record<string, number>>)[`SIG${name}`];
  if (known !== undefined) return known;
  const [, base, offset = '0'] = /^RT(MIN|MAX)(?:[+-](\d+))?$/.exec(name) ?? [];
  const realtime = base === 'MIN' ? REALTIME_FIRST + Number(offset) : REALTIME_LAST - Number(offset);
  if (base === undefined || realtime < REALTIME_FIRST || realtime > REALTIME_LAST) throw invalid;
  return realtime;
}
