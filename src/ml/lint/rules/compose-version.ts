import type { ProjectRule } from '../rule.ts';

/** A line that means nothing any more. */
export const composeVersion: ProjectRule = {
  code: 'compose-version',
  severity: 'note',
  title: 'compose files name no version of their format',
  why: 'Compose ignores the key since 2020, and says so each time.',
  good: { 'compose.yaml': 'services:\n  db:\n    image: postgres:16.4\n' },
  bad: { 'compose.yaml': "version: '3.8'\nservices:\n  db:\n    image: postgres:16.4\n" },
  *check({ composes, replace }) {
    for (const { path, lines } of composes) {
      const at = lines.findIndex((line) => /^version\s*:/.test(line));
      if (at !== -1) yield { file: path, line: at + 1, message: 'version means nothing to Compose', fix: 'remove the line', edit: replace(path, at + 1, null) };
    }
  },
}; // prettier-ignore
