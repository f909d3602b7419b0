import { InvalidArgumentError } from '#lib/errors.ts';

/** What `# check=…` says. */
export interface CheckSettings {
  skip: ReadonlySet<string> | 'all';
  /** Rules that are only looked for when asked. */
  experimental: ReadonlySet<string> | 'all';
  /** Findings of public rules end the build. */
  isError: boolean;
}

/** Nothing is skipped. */
export const NO_SETTINGS: CheckSettings = { skip: new Set(), experimental: new Set(), isError: false };

/** Reads `skip=A,B;error=true;experimental=C`; `all` stands for every rule. @throws {InvalidArgumentError} */
export function parseCheckSettings(text: string): CheckSettings {
  let { skip, experimental, isError } = NO_SETTINGS;
  for (const part of text.trim() === '' ? [] : text.trim().split(';')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, equals < 0 ? undefined : equals).trim();
    const value = part.slice(equals + 1).trim();
    if (equals < 0 || !['skip', 'error', 'experimental'].includes(name))
      throw new InvalidArgumentError(`invalid check option ${JSON.stringify(equals < 0 ? part : name)}`, {
        hint: 'write skip=<rule>,<rule>;error=true;experimental=<rule>',
      });
    if (name === 'skip') skip = namesOf(value);
    else if (name === 'experimental') experimental = namesOf(value);
    else isError = parseSwitch(value);
  }
  return { skip, experimental, isError };
}

/** Whether the comments above an instruction (`# check=skip=…`) take a rule away from it. */
export function isSkippedByComments(comments: readonly string[], code: string): boolean {
  for (const comment of comments) {
    const [, text] = /^check\s*=\s*(\S+)/i.exec(comment) ?? [];
    if (text === undefined) continue;
    try {
      return isSkipped(parseCheckSettings(text), code);
    } catch (error) {
      if (error instanceof InvalidArgumentError) return false;
      throw error;
    }
  }
  return false;
}

export function isSkipped({ skip }: Pick<CheckSettings, 'skip'>, code: string): boolean {
  return skip === 'all' || skip.has(code);
}

function namesOf(value: string): ReadonlySet<string> | 'all' {
  if (value === 'all') return 'all';
  return new Set(value.split(',').map((name) => name.trim()));
}

function parseSwitch(value: string): boolean {
  if (['1', 't', 'true'].includes(value.toLowerCase())) return true;
  if (['0', 'f', 'false'].includes(value.toLowerCase())) return false;
  throw new InvalidArgumentError(`invalid check option error=${value}`, { hint: 'it is true or false' });
}
