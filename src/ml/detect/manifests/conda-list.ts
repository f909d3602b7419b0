import { addCondaPackage } from './conda-package.ts';
import { type Draft, problem } from './contract.ts';

const MAX_LINES = 20_000;

/** Whether a file that is called a list of requirements is one of conda's: `conda list --export`, `conda list --explicit`. */
export function isCondaList(text: string): boolean {
  const start = text.slice(0, 20_000);
  const built = start.match(/^[\w.-]+=[\w.!+]+=[\w.]+[ \t]*\r?$/gm)?.length ?? 0;
  return /^@EXPLICIT/m.test(start) || built > 2;
}

/** Reads such a list: packages by their names on the index, without the libraries that only conda needs. */
export function readCondaList(draft: Draft, file: string, text: string): void {
  draft.readByPip = false;
  draft.problems.push(problem('conda-list', { file, line: 1 }, { message: `${file} was written by conda list, which pip does not read; its packages are asked of the index`, fix: 'write it anew with pip freeze, or as environment.yml' })); // prettier-ignore
  for (const [index, raw] of text.split(/\r?\n/, MAX_LINES).entries()) {
    const line = raw.trim();
    const address = /\/([^/]+)-([^-/]+)-[^-/]+\.(?:conda|tar\.bz2)(?:#.*)?$/.exec(line);
    if (address !== null)
      addCondaPackage(draft, `${address[1] ?? ''}=${address[2] ?? ''}=0`, { file, line: index + 1 });
    else if (/^[A-Za-z_]/.test(line))
      addCondaPackage(draft, line.replace(/=pypi_\d+$/, '=0'), { file, line: index + 1 });
  }
}
