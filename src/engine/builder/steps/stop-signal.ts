import { constants } from 'node:os';
import { InvalidArgumentError } from '#lib/errors.ts';

const LAST_SIGNAL = 64;

/** A signal as STOPSIGNAL takes it: a name with or without SIG, or a number. @throws {InvalidArgumentError} */
export function parseStopSignal(text: string): string {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const isKnown = /^\d{1,2}$/.test(text)
    ? Number(text) >= 1 && Number(text) <= LAST_SIGNAL
    : `SIG${name}` in constants.signals || /^RTM(IN(\+\d+)?|AX(-\d+)?)$/.test(name);
  if (!isKnown) throw new InvalidArgumentError(`Invalid signal: ${text}`);
  return text;
}
