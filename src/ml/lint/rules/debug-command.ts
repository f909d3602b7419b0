import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** A server for one developer. */
export const debugCommand: ProjectRule = {
  code: 'debug-command',
  severity: 'warning',
  title: 'images start a server for production',
  why: 'Development servers answer one request after another, restart on changes, and show errors to everybody.',
  good: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nCMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]\n' },
  bad: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nCMD ["flask", "run", "--host", "0.0.0.0"]\n' },
  *check({ dockerfile }) {
    const lines = dockerfile?.lines ?? [];
    const at = lines.findLastIndex((line) => /^\s*(?:CMD|ENTRYPOINT)\s/i.test(line));
    const words = (lines[at] ?? '').replace(/[[\]",']/g, ' ').replace(/\s+/g, ' ');
    const found = /\b(flask run|manage\.py runserver|fastapi dev|--reload\b|--debug\b)/.exec(words)?.[1];
    if (found !== undefined) yield { file: dockerfile?.path ?? null, line: at + 1, message: `${found} is for development`, fix: 'gunicorn for WSGI, uvicorn without --reload for ASGI' };
  },
}; // prettier-ignore
