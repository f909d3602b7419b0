import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** A check that always fails. */
export const curlHealthCheck: ProjectRule = {
  code: 'curl-health-check',
  severity: 'error',
  title: 'health checks use programs that are in the image',
  why: 'Slim images have neither curl nor wget: the container is unhealthy forever, and platforms start it again and again.',
  good: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim\nRUN apt-get update && apt-get install -y curl\nCOPY . .\nHEALTHCHECK CMD curl -f http://localhost:5000/\n' },
  bad: { 'app.py': APP, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nHEALTHCHECK CMD curl -f http://localhost:5000/\n' },
  *check({ dockerfile }) {
    const lines = dockerfile?.lines ?? [];
    const from = lines.findLastIndex((line) => /^\s*FROM\s/i.test(line));
    const isSlim = /\b(?:slim|alpine)|^\s*FROM\s+(?:--\S+\s+)*debian:/i.test(lines[from] ?? '');
    const at = lines.findIndex((line, index) => index > from && /^\s*HEALTHCHECK\b.*|^\s*CMD\s+curl\b/i.test(line) && /\b(?:curl|wget)\b/.test(`${line} ${lines[index + 1] ?? ''}`));
    const program = /\b(curl|wget)\b/.exec(`${lines[at] ?? ''} ${lines[at + 1] ?? ''}`)?.[1];
    if (!isSlim || at === -1 || program === undefined || (program === 'wget' && /alpine/.test(lines[from] ?? ''))) return;
    const isInstalled = lines.slice(from, at).join('\n').split(/\n(?=\s*[A-Z]+\s)/).some((step) => /(?:apt-get|apt|apk)\b/.test(step) && new RegExp(`\\b${program}\\b`).test(step));
    if (!isInstalled) yield { file: dockerfile?.path ?? null, line: at + 1, message: `the health check calls ${program}, which the image does not have`, fix: `HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:PORT/')"]` };
  },
}; // prettier-ignore
