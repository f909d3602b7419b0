import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

const RUN = `${APP}app.run(host='0.0.0.0', port=5000)\n`;

/** A door that leads nowhere. */
export const portMismatch: ProjectRule = {
  code: 'port-mismatch',
  severity: 'warning',
  title: 'EXPOSE names the port that the program listens on',
  why: 'Platforms and -P publish what EXPOSE names; a program that listens elsewhere is never reached.',
  good: { 'app.py': RUN, 'requirements.txt': 'flask==3.0.3\n', Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nEXPOSE 5000\nCMD ["python", "app.py"]\n' },
  bad: { 'app.py': RUN, 'requirements.txt': 'flask==3.0.3\n', Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nEXPOSE 8080\nCMD ["python", "app.py"]\n' },
  *check({ dockerfile, facts }) {
    if (dockerfile === undefined) return;
    const command = dockerfile.lines.findLast((line) => /^\s*(?:CMD|ENTRYPOINT)\s/i.test(line)) ?? '';
    const module = facts.modules.find(({ path }) => new RegExp(`["' /]${path.replace(/[^\w/]/g, String.raw`\$&`)}["'\\s]`).test(`${command} `));
    const port = /(?:--port[= "',]+|--bind[= "',]+[\d.]*:|-b[ "',]+[\d.]*:|:)(\d{4,5})/.exec(command)?.[1] ?? module?.binds.find((bind) => bind.port !== undefined && bind.portFrom === undefined)?.port;
    const exposes = dockerfile.lines.flatMap((line, index) => (/^\s*EXPOSE\s+\d/i.test(line) ? [{ line: index + 1, ports: [...line.matchAll(/\d+/g)].map(String) }] : []));
    const [first] = exposes;
    if (first !== undefined && port !== undefined && !exposes.some(({ ports }) => ports.includes(String(port))))
      yield { file: dockerfile.path, line: first.line, message: `EXPOSE ${first.ports.join(' ')}, but the program listens on ${port}`, fix: `EXPOSE ${port}` };
  },
}; // prettier-ignore
