import type { StartPlan } from '../plan/plan.ts';
import { comment, quoted } from './text.ts';

const RUNTIME = ['python', '-m', 'berth_serving'] as const;
/** Options of the runtime that say what is served; as variables they hold for its verbs, too, which take the place of CMD. */
const SUBJECTS = ['handler', 'model', 'format', 'name'] as const;

/**
 * How the program is started: CMD, and for the serving runtime an entry point that understands `serve` and `train`, as SageMaker calls them.
 */
export function programLines({ command }: StartPlan): string[] {
  if (!RUNTIME.every((word, index) => command[index] === word)) return [`CMD ${JSON.stringify(command)}`];
  const words = command.slice(RUNTIME.length);
  const named = SUBJECTS.flatMap((name) => {
    const value = optionOf(words, `--${name}`);
    return value === undefined ? [] : [`BERTH_SERVING_${name.toUpperCase()}=${quoted(value)}`];
  });
  return [
    ...(named.length === 0 ? [] : [`ENV ${named.join(' ')}`]),
    comment('It understands the words serve and train, too, with which SageMaker starts it.'),
    `ENTRYPOINT ${JSON.stringify(RUNTIME)}`,
    ...(words.length === 0 ? [] : [`CMD ${JSON.stringify(words)}`]),
  ];
}

function optionOf(words: readonly string[], option: string): string | undefined {
  const index = words.indexOf(option);
  return index === -1 ? undefined : words[index + 1];
}
