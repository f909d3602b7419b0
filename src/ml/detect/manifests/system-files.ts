import type { FileTree } from '../../files.ts';
import type { SystemPackage } from './contract.ts';

/** Lists of Debian packages: repo2docker's apt.txt, Streamlit's and Hugging Face's packages.txt, Heroku's Aptfile. */
const NAMES = ['apt.txt', 'packages.txt', 'Aptfile', 'apt-packages.txt', 'apt_packages.txt'] as const;

const MAX_LINES = 300;

/** The Debian packages that a folder lists. A packages.txt with versions of Python packages is none of these. */
export async function readSystemFiles(tree: FileTree, folder: string): Promise<SystemPackage[]> {
  const found: SystemPackage[] = [];
  for (const name of NAMES) {
    const file = folder === '' ? name : `${folder}/${name}`;
    const text = await tree.read(file);
    if (text === undefined || /[=~<>]=|^[ \t]*-/m.test(text)) continue;
    const lines = text.split(/\r?\n/, MAX_LINES).map((raw) => raw.replace(/#.*$/, '').split(/[\s,]+/));
    for (const [index, words] of lines.entries()) {
      const names = words.filter((word) => /^[a-z\d][a-z\d.+-]+$/.test(word));
      found.push(...names.map((one) => ({ name: one, file, line: index + 1 })));
    }
  }
  return found;
}
