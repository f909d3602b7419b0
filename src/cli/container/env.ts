import { readFileSync } from 'node:fs';
import { NotFoundError } from '#lib/errors.ts';
import { UsageError } from '../parse-options.ts';

/** Variables of `--env-file` and `--env`; a name alone takes the caller's value, or nothing. @throws {NotFoundError} */
export function readVariables(files: readonly string[], variables: readonly string[]): string[] {
  const lines = files.flatMap((path) => readLines(path));
  return [...lines, ...variables].flatMap((text) => withValue(text));
}

/** Labels of `--label-file` and `--label`. */
export function readLabels(files: readonly string[], labels: readonly string[]): string[] {
  return [...files.flatMap((path) => readLines(path)), ...labels];
}

function readLines(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new NotFoundError(`cannot read ${path}`, { why: (error as Error).message, cause: error });
  }
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, '').trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function withValue(text: string): string[] {
  if (text.startsWith('=') || text === '') throw new UsageError(`--env needs a name: ${JSON.stringify(text)}`);
  if (text.includes('=')) return [text];
  const own = process.env[text];
  return own === undefined ? [] : [`${text}=${own}`];
}
