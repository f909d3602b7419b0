import { eachRequirement } from '../each-requirement.ts';
import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

export const psycopgSource: ProjectRule = {
  code: 'psycopg2-source',
  severity: 'warning',
  title: 'psycopg2 is installed as psycopg2-binary, or with what it compiles with',
  why: 'psycopg2 has no wheels: installing it needs a compiler and the files of PostgreSQL, which slim images do not have.',
  good: { 'app.py': APP, 'requirements.txt': 'psycopg2-binary==2.9.10\n' },
  bad: { 'app.py': APP, 'requirements.txt': 'psycopg2==2.9.10\n' },
  *check(subject) {
    yield* eachRequirement(subject, ({ name }) =>
      name === 'psycopg2' ? { message: 'psycopg2 is compiled while it is installed', fix: 'write psycopg2-binary', text: (line) => line.replace(/^(\s*)psycopg2(?![\w-])/i, '$1psycopg2-binary') } : undefined); // prettier-ignore
  },
};
