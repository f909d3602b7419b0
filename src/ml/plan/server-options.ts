import type { StartHint } from '../detect/start-hint.ts';

/** Options that say where to listen or what to serve, and those for development: the plan decides about them. */
const DECIDED = /^(?:--bind|-b|--host|--port|-p|--chdir|--app-dir|--pythonpath|--reload(?:-\w+)?|--factory|--daemon|-D|--pid|--uds|--fd|--error-logfile|--log-file|--certfile|--keyfile|--ssl-\w+)$/; // prettier-ignore
/** Of those, the ones that stand alone. */
const ALONE = /^(?:--reload|--factory|--daemon|-D)$/;

/** Options of a server that the project's own command has (workers, timeouts, worker classes), or the usual ones. */
export function serverOptions(hint: StartHint | undefined, program: string, usual: readonly string[]): string[] {
  const command = hint?.command;
  if (command === undefined || command.program !== program || hint === undefined || hint.weight < 100) return [...usual];
  const words = command.words.slice(command.words.indexOf(program) + 1);
  const kept: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) continue;
    const [flag = '', own] = word.startsWith('--') ? word.split('=', 2) : [word];
    const next = words[index + 1];
    const takesNext = own === undefined && next !== undefined && !next.startsWith('-') && !isTarget(next, command.target);
    const value = own ?? (takesNext ? next : undefined);
    if (takesNext) index++;
    if (DECIDED.test(flag) || (value?.includes('$') ?? false) || ALONE.test(flag)) continue;
    kept.push(flag, ...(value === undefined ? [] : [value]));
  }
  return kept.length === 0 ? [...usual] : kept;
} // prettier-ignore

function isTarget(word: string, target: { module: string; variable: string } | undefined): boolean {
  return target !== undefined && (word === target.module || word.startsWith(`${target.module}:`));
}
