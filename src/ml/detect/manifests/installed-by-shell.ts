/** What `pip install` and `apt-get install` in a line of shell name. */
export interface ShellInstall {
  requirements: string[];
  /** Requirements files, as they are written. */
  files: string[];
  /** Options of pip with their values, such as `--extra-index-url` and its address. */
  options: string[];
  debian: string[];
}

/** Options whose next word is their value. */
const TAKES_VALUE =
  /^(-i|--index-url|--extra-index-url|-f|--find-links|-t|--target|--prefix|--root|--python|--timeout|--retries|--platform|--python-version|--cache-dir|--progress-bar|--trusted-host|--upgrade-strategy|--no-binary|--only-binary|-p)$/;
const KEPT = /^(-i|--index-url|--extra-index-url|-f|--find-links)$/;

/** Reads shell text without running it; words with variables or substitutions are passed over. */
export function installedByShell(text: string): ShellInstall {
  const found: ShellInstall = { requirements: [], files: [], options: [], debian: [] };
  for (const command of text.slice(0, 20_000).replace(/\\\r?\n/g, ' ').split(/&&|\|\||[;|\n]/)) {
    const words = wordsOf(command);
    const pip = words.findIndex((word, index) => word === 'install' && /^(pip\d?(\.\d+)?|uv|pip3)$/.test(baseWord(words[index - 1])));
    const apt = words.findIndex((word, index) => word === 'install' && words.slice(0, index).some((before) => /^apt(-get)?$/.test(baseWord(before))));
    if (pip !== -1) readPip(found, words.slice(pip + 1));
    else if (apt !== -1) found.debian.push(...words.slice(apt + 1).filter((word) => /^[a-z\d][a-z\d.+-]+$/.test(word)));
  }
  return found;
} // prettier-ignore

const baseWord = (word: string | undefined): string => (word ?? '').replace(/^.*\//, '');

function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
}

function readPip(found: ShellInstall, words: readonly string[]): void {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const attached = /^(--[a-z-]+)=(.*)$/.exec(word);
    const name = attached?.[1] ?? word;
    const takesNext = attached === null && (TAKES_VALUE.test(name) || /^(-r|--requirement|-c|--constraint|-e|--editable)$/.test(name));
    const value = takesNext ? (words[++index] ?? '') : (attached?.[2] ?? '');
    if (/^(-r|--requirement)$/.test(name)) found.files.push(value);
    else if (/^-r./.test(word)) found.files.push(word.slice(2));
    else if (/^(-e|--editable)$/.test(name)) found.requirements.push(`-e ${value}`);
    else if (KEPT.test(name)) found.options.push(name, value);
    else if (!word.startsWith('-') && !takesNext && !/[$`<>&]\s*\(|[$`{}]/.test(word)) found.requirements.push(word);
  }
} // prettier-ignore
