import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** Keys as the services that give them out write them. Source: their documentation of formats, 2026-11. */
const KEYS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\bAKIA[0-9A-Z]{16}\b/, 'an access key of AWS'],
  [/\bhf_[A-Za-z0-9]{30,}\b/, 'a token of Hugging Face'],
  [/\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}\b/, 'a key of an API'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b/, 'a token of GitHub'],
  [/\bAIza[0-9A-Za-z_-]{35}\b/, 'a key of Google'],
  [/\bxox[abpr]-[0-9A-Za-z-]{20,}\b/, 'a token of Slack'],
  [/-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----/, 'a private key'],
];

/** Secrets that travel with the code. */
export const secretInCode: ProjectRule = {
  code: 'secret-in-code',
  severity: 'error',
  title: 'code holds no keys',
  why: 'The code is copied into the image: whoever can pull it has the key, and so has whoever sees the repository.',
  good: { 'app.py': `import os\n${APP}token = os.environ['HF_TOKEN']\n`, 'requirements.txt': 'flask==3.0.3\n' },
  bad: { 'app.py': `${APP}token = 'hf_${'a1'.repeat(17)}'\n`, 'requirements.txt': 'flask==3.0.3\n' },
  *check({ facts, lines }) {
    for (const { path } of facts.modules)
      for (const [index, line] of lines(path).entries()) {
        const key = KEYS.find(([pattern]) => pattern.test(line.slice(0, 2000)));
        if (key !== undefined) yield { file: path, line: index + 1, message: `${key[1]} is written out`, fix: 'take it back where it was given, and read a new one from the environment' };
      }
  },
}; // prettier-ignore
