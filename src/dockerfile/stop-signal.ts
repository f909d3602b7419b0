import { InvalidArgumentError } from '#lib/errors.ts';
import { guess } from './nearest.ts';

const LAST_SIGNAL = 64;
const NAMES =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU UNUSED URG USR1 USR2 VTALRM WINCH XCPU XFSZ'.split(
    ' ',
  );

/** A signal as STOPSIGNAL takes it: a name with or without SIG, or a number. @throws {InvalidArgumentError} */
export function parseStopSignal(text: string): string {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const isKnown = /^\d{1,2}$/.test(text)
    ? Number(text) >= 1 && Number(text) <= LAST_SIGNAL
    : NAMES.includes(name) || /^RTM(IN(\+\d+)?|AX(-\d+)?)$/.test(name);
  if (isKnown) return text;
  throw new InvalidArgumentError(`Invalid signal: ${text}${/^\d*$/.test(text) ? '' : guess(name, NAMES)}`, {
    hint: 'it is a name such as SIGTERM, or a number from 1 to 64',
  });
}
