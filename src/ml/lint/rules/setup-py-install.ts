import type { ProjectRule } from '../rule.ts';

/** A way to install that is gone. */
export const setupPyInstall: ProjectRule = {
  code: 'setup-py-install',
  severity: 'warning',
  title: 'projects are installed by pip',
  why: 'python setup.py install is no longer there in new releases of setuptools, and what it installs cannot be removed.',
  good: { 'setup.py': "from setuptools import setup\nsetup(name='a')\n", Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nRUN pip install .\n' },
  bad: { 'setup.py': "from setuptools import setup\nsetup(name='a')\n", Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nRUN python setup.py install\n' },
  *check({ dockerfile }) {
    for (const [index, line] of (dockerfile?.lines ?? []).entries())
      if (/\bpython3?\s+setup\.py\s+(?:install|develop)\b/.test(line)) yield { file: dockerfile?.path ?? null, line: index + 1, message: 'setup.py is called to install', fix: 'RUN pip install .' };
  },
}; // prettier-ignore
