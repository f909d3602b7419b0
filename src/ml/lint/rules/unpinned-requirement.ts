import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

export const unpinnedRequirement: ProjectRule = {
  code: 'unpinned-requirement',
  severity: 'note',
  title: 'requirements name versions',
  why: 'Without one the image of tomorrow holds other versions than that of today, and nobody changed anything.',
  good: { 'app.py': APP, 'requirements.txt': 'flask==3.0.3\n' },
  bad: { 'app.py': APP, 'requirements.txt': 'flask\n' },
  *check({ requirements, facts }) {
    const free = requirements.filter(({ specifiers, url, name }) => specifiers === '' && url === undefined && name !== ''); // prettier-ignore
    const [first] = free;
    if (first === undefined || facts.manifest?.lock !== undefined) return;
    const names = free.map(({ name }) => name);
    const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
    yield { file: first.file, line: first.line > 0 ? first.line : null, message: `no version is named for ${names.slice(0, 5).join(', ')}${more}`, fix: 'write what works today: berth plan --json lists the versions, or uv lock' }; // prettier-ignore
  },
};
