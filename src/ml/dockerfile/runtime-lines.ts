import type { StartPlan } from '../plan/plan.ts';
import { comment, quoted } from './text.ts';

const RUNTIME = ['python', '-m', 'berth_serving'] as const;
/** Options of the runtime that are variables instead: these hold for its verbs, too, and platforms that choose the port set PORT. */
const VARIABLES: Readonly<Record<string, string>> = {
  '--handler': 'BERTH_SERVING_HANDLER',
  '--model': 'BERTH_SERVING_MODEL',
  '--format': 'BERTH_SERVING_FORMAT',
  '--name': 'BERTH_SERVING_NAME',
  '--port': 'PORT',
};

/**
 * How the program is started: CMD, and for the serving runtime an entry point that understands `serve` and `train`, as SageMaker calls them.
 */
export function programLines({ command }: StartPlan): string[] {
  if (!RUNTIME.every((word, index) => command[index] === word)) return [`CMD ${JSON.stringify(command)}`];
  const rest: string[] = [];
  const named: string[] = [];
  const words = command.slice(RUNTIME.length);
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const variable = VARIABLES[word];
    const value = words[index + 1];
    if (variable === undefined || value === undefined) rest.push(word);
    else {
      named.push(`${variable}=${quoted(value)}`);
      index++;
    }
  }
  return [
    ...(named.length === 0 ? [] : [`ENV ${named.join(' ')}`]),
    comment('It understands the words serve and train, too, with which SageMaker starts it.'),
    `ENTRYPOINT ${JSON.stringify(RUNTIME)}`,
    ...(rest.length === 0 ? [] : [`CMD ${JSON.stringify(rest)}`]),
  ];
}
