import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

const LARGE_BYTES = 500 * 1024 * 1024;

/** Gigabytes that every build looks at, and every image may hold. */
export const noIgnoreFile: ProjectRule = {
  code: 'no-ignore-file',
  severity: 'warning',
  title: 'large folders have a .dockerignore',
  why: 'Everything that is not ignored is looked at by each build, and copied into the image by COPY . .',
  good: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\n', '.dockerignore': 'data\n', 'data/train.csv': 'LARGE' },
  bad: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\n', 'data/train.csv': 'LARGE' },
  *check({ facts, dockerfile }) {
    const { files } = facts.tree;
    if (dockerfile === undefined || files.some(({ path }) => path === '.dockerignore')) return;
    const all = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const [largest] = files.toSorted((a, b) => b.bytes - a.bytes);
    if (all >= LARGE_BYTES) yield { file: null, line: null, message: `the folder has ${(all / 1e9).toFixed(1)} GB, and no .dockerignore; ${largest?.path} is the largest`, fix: 'berth init writes a .dockerignore for it' };
  },
}; // prettier-ignore
