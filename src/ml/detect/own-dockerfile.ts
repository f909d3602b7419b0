/** One `FROM` of a Dockerfile. */
export interface DockerfileStage {
  image: string;
  name: string | undefined;
  line: number;
}

/** Instructions of a Dockerfile with continuations joined and comments taken off: enough to see what it starts from and what it copies. */
export function instructions(text: string): { keyword: string; rest: string; line: number }[] {
  const found: { keyword: string; rest: string; line: number }[] = [];
  let pending: { content: string; line: number } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(raw)) continue;
    pending = { content: `${pending?.content ?? ''}${raw.replace(/\\\s*$/, ' ')}`, line: pending?.line ?? index + 1 };
    if (/\\\s*$/.test(raw)) continue;
    const match = /^\s*([A-Za-z]+)\s+([^]*)$/.exec(pending.content);
    if (match !== null)
      found.push({ keyword: (match[1] ?? '').toUpperCase(), rest: (match[2] ?? '').trim(), line: pending.line });
    pending = undefined;
  }
  return found;
}

/** The stages, with the defaults of the ARGs before the first FROM put in. */
export function stages(text: string): DockerfileStage[] {
  const defaults = new Map<string, string>();
  const found: DockerfileStage[] = [];
  for (const { keyword, rest, line } of instructions(text)) {
    if (keyword === 'ARG' && found.length === 0) {
      const [name = '', value = ''] = rest.split('=', 2);
      defaults.set(name, value.replace(/^["']|["']$/g, ''));
    }
    if (keyword !== 'FROM') continue;
    const [image = '', as, name] = rest.replace(/^(--\S+\s+)+/, '').split(/\s+/);
    found.push({
      image: expand(image, defaults),
      name: as?.toLowerCase() === 'as' ? name?.toLowerCase() : undefined,
      line,
    });
  }
  return found;
}

function expand(image: string, values: ReadonlyMap<string, string>): string {
  return image.replace(/\$(?:\{([^}]*)\}|(\w+))/g, (_, braced?: string, plain?: string) => {
    const [name = '', fallback = ''] = (braced ?? plain ?? '').split(':-');
    return values.get(name) ?? fallback;
  });
}

/** Images from outside that a Dockerfile starts from or copies from, each once. */
export function baseImages(text: string): string[] {
  const all = stages(text);
  const names = new Set(all.flatMap(({ name }) => (name === undefined ? [] : [name])));
  const copied = instructions(text)
    .filter(({ keyword }) => keyword === 'COPY' || keyword === 'ADD')
    .flatMap(({ rest }) => /--from=(\S+)/.exec(rest)?.[1] ?? [])
    .filter((image) => !/^\d+$/.test(image) && !image.includes('$'));
  const images = [...all.map(({ image }) => image), ...copied];
  return [...new Set(images)].filter((image) => image !== '' && image !== 'scratch' && !names.has(image.toLowerCase()));
}

/** Sources that the Dockerfile copies from the project by their exact names. */
export function copiedFiles(text: string): string[] {
  return instructions(text)
    .filter(({ keyword, rest }) => (keyword === 'COPY' || keyword === 'ADD') && !rest.includes('--from='))
    .flatMap(({ rest }) => {
      const words = rest.replace(/^(--\S+\s+)+/, '');
      const list = words.startsWith('[')
        ? [...words.matchAll(/"([^"]*)"/g)].map(([, word = '']) => word)
        : words.split(/\s+/);
      return list.slice(0, -1).filter((source) => !/[*?[$]/.test(source)).map((source) => source.replace(/^\.?\//, '')); // prettier-ignore
    });
}

/** Port that a start command in a Dockerfile's CMD or ENTRYPOINT names. */
export function commandPort(text: string): number | undefined {
  const command =
    instructions(text).findLast(({ keyword }) => keyword === 'CMD' || keyword === 'ENTRYPOINT')?.rest ?? '';
  const match = /(?:--port|--server\.port|-p|--bind|-b)["'\s,=]+(?:[\w.*:[\]]*:)?(\d{2,5})\b/.exec(command);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
