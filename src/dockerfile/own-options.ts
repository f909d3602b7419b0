import type { SourceText } from './dockerfile-error.ts';

/** What a Dockerfile asks of Berth alone, by comments above its first instruction: `# berth=split-packages, no-implicit-cache`. */
export function ownOptions({ lines }: SourceText): ReadonlySet<string> {
  const found = new Set<string>();
  for (const line of lines) {
    if (line.trim() === '') continue;
    if (!line.trimStart().startsWith('#')) break;
    const [, list = ''] = /^\s*#\s*berth\s*=(.*)$/i.exec(line) ?? [];
    for (const name of list.split(/[\s,]+/)) if (name !== '') found.add(name.toLowerCase());
  }
  return found;
}
