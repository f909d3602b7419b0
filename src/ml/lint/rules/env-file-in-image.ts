import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** Settings of one machine in everybody's image. */
export const envFileInImage: ProjectRule = {
  code: 'env-file-in-image',
  severity: 'error',
  title: 'files of settings stay out of the image',
  why: '.env files hold passwords and keys; COPY . . takes them along unless .dockerignore leaves them out.',
  good: { 'app.py': APP, '.env': 'API_KEY=something-secret\n', '.dockerignore': '.env\n', Dockerfile: 'FROM python:3.12-slim\nCOPY . .\n', 'requirements.txt': 'flask==3.0.3\n' },
  bad: { 'app.py': APP, '.env': 'API_KEY=something-secret\n', Dockerfile: 'FROM python:3.12-slim\nCOPY . .\n', 'requirements.txt': 'flask==3.0.3\n' },
  *check({ facts, lines, dockerfile }) {
    // Without a Dockerfile ours is used, with an ignore file that names them.
    const copiesAll = dockerfile?.lines.some((line) => /^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*(?:\.\/?|\*)\s/i.test(line)) ?? false;
    const isLeftOut = lines('.dockerignore').some((line) => /^(?:\*\*\/)?\/?(?:\.env\*?|\.\*|\*)$/.test(line.trim()));
    const file = facts.tree.files.find(({ path, bytes }) => path === '.env' && bytes > 0);
    if (file !== undefined && copiesAll && !isLeftOut) yield { file: '.env', line: null, message: '.env is copied into the image', fix: 'add .env to .dockerignore, and hand it over at start: berth run --env-file .env' };
  },
}; // prettier-ignore
