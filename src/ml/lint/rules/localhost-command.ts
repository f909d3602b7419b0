import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** A server that nobody reaches. */
export const localhostCommand: ProjectRule = {
  code: 'localhost-command',
  severity: 'error',
  title: 'start commands listen on all addresses',
  why: '127.0.0.1 of a container is the container itself: a published port finds nothing there.',
  good: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nCMD ["uvicorn", "app:app", "--host", "0.0.0.0"]\n' },
  bad: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nCMD ["uvicorn", "app:app"]\n' },
  *check({ dockerfile }) {
    const lines = dockerfile?.lines ?? [];
    const at = lines.findLastIndex((line) => /^\s*(?:CMD|ENTRYPOINT)\s/i.test(line));
    const words = (lines[at] ?? '').replace(/[[\]",']/g, ' ').replace(/\s+/g, ' ');
    const server = /\b(uvicorn|gunicorn|hypercorn|flask run|waitress-serve)\b/.exec(words)?.[1];
    const names = /(?:--host|--bind|-b|-h|--listen)[ =]\S|\$\{?HOST/.test(words);
    const isLocal = /(?:127\.0\.0\.1|localhost)(?::\d+)?(?=\s|$)/.test(words);
    // waitress listens on all addresses by itself.
    if (server !== undefined && (isLocal || (!names && server !== 'waitress-serve' && !/\.(?:py|toml|conf)\b/.test(words))))
      yield { file: dockerfile?.path ?? null, line: at + 1, message: `${server} listens on 127.0.0.1 of its container`, fix: server === 'uvicorn' || server === 'flask run' ? 'add --host 0.0.0.0' : 'add --bind 0.0.0.0:8000' };
  },
}; // prettier-ignore
