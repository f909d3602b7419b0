/** A thing that takes bytes from outside, and how it must take them. */
export interface FuzzTarget {
  name: string;
  /** Inputs of a long run. */
  rounds: number;
  open(): Promise<OpenTarget>;
}

export interface OpenTarget extends AsyncDisposable {
  /** An input, equal for equal numbers. */
  make(random: () => number): Buffer;
  /** Feeds it. @returns what is wrong with how it was taken; undefined if nothing is */
  check(input: Buffer, random: () => number): Promise<Checked>;
  /** After the last input. @returns what is wrong */
  finish?(): Promise<string[]>;
}

export interface Checked {
  /** Whether it was taken as valid. */
  isTaken: boolean;
  defect?: string | undefined;
}
