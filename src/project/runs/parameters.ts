/** Parameters of a command line, by name: `--lr 0.1`, `--epochs=3`, `-v`, `lr=0.1`. What is no option is kept by its place. */
export function parametersOf(args: readonly string[]): Record<string, string> {
  const found = new Map<string, string>();
  let place = 0;
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? '';
    const [, long, value] = /^--?([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word) ?? [];
    const [, key, given] = /^([A-Za-z_][\w.]*)=(.*)$/s.exec(word) ?? [];
    if (long !== undefined) {
      const next = args[index + 1];
      const takesNext = value === undefined && next !== undefined && !/^--?[A-Za-z]/.test(next);
      found.set(long, isSecret(long) ? '(not kept)' : (value ?? (takesNext ? next : 'true')));
      if (takesNext) index += 1;
    } else if (key !== undefined) found.set(key, isSecret(key) ? '(not kept)' : (given ?? ''));
    else found.set(`argument ${(place += 1)}`, word);
  }
  return Object.fromEntries(found);
}

/** The words of a command line as they are kept: without the values of what is called like a secret. */
export function keptWords(args: readonly string[]): string[] {
  return args.map((word, index) => {
    const pair = /^(-{0,2}[A-Za-z_][\w.-]*)=/.exec(word)?.[1];
    if (pair !== undefined && isSecret(pair)) return `${pair}=(not kept)`;
    const option = /^--?([A-Za-z][\w.-]*)$/.exec(args[index - 1] ?? '')?.[1];
    return option !== undefined && isSecret(option) && !word.startsWith('-') ? '(not kept)' : word;
  });
}

/** Names of what is nobody else's business. */
function isSecret(name: string): boolean {
  return /(?:password|passwd|secret|token|api[_-]?key|credential)/i.test(name);
}
