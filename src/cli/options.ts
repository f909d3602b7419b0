/** How an option is written and read. */
export interface OptionKind {
  /**
   * `flag`: `--rm`, `--rm=false`. `text` and `number`: `--name x`, `--name=x`. `list`: may repeat. `choice`: a flag that may be given
   * a text with `=`.
   */
  kind: 'flag' | 'text' | 'number' | 'list' | 'choice';
  /** One letter. */
  short?: string;
  /** What the value is called in the help. */
  value?: string;
  /** For `--help`; empty = not shown. */
  help: string;
}

/** Options of a command by their long name. */
export type OptionTable = Readonly<Record<string, OptionKind>>;

interface ValueOf {
  flag: boolean;
  text: string | undefined;
  number: number | undefined;
  list: readonly string[];
  /** `''` when given without a text. */
  choice: string | undefined;
}

/** What was given, by long name. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: ValueOf[Table[Name]['kind']];
} & { readonly [GIVEN]: ReadonlySet<string> };

/** Names of the options that were given at all. */
export const GIVEN: unique symbol = Symbol('given');
