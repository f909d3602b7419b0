import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** Half of an installation. */
export const noDepsInstall: ProjectRule = {
  code: 'no-deps-install',
  severity: 'note',
  title: 'installations without dependencies come from a complete list',
  why: 'With --no-deps what a package needs is only there if somebody listed it: an import fails later, in production.',
  good: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nRUN pip install --no-deps -r requirements.lock\n' },
  bad: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nRUN pip install --no-deps transformers\n' },
  *check({ dockerfile }) {
    for (const [index, line] of (dockerfile?.lines ?? []).entries())
      if (/\bpip3?\s+install\b.*--no-deps/.test(line) && !/(?:lock|hash|freeze|compiled|-e\s|install\b[^&;]*\s\.(?:\s|$))/.test(line)) yield { file: dockerfile?.path ?? null, line: index + 1, message: 'dependencies are left out', fix: 'install from a list that uv pip compile or pip freeze made' };
  },
}; // prettier-ignore
