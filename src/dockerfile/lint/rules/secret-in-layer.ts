import { cleanPath } from '../../clean-path.ts';
import { isContextCopy, isWholeContextCopy } from '../context-copy.ts';
import { isSecretFile } from '../notable-files.ts';
import type { Found, Rule } from '../rule.ts';
import type { LintSubject, StageView } from '../subject.ts';

/** Texts that are secrets by their form. */
const SECRET_TEXT: readonly { kind: string; form: RegExp }[] = [
  { kind: 'a Hugging Face token', form: /\bhf_[A-Za-z]{30,}\b/ },
  { kind: 'a GitHub token', form: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})/ },
  { kind: 'a GitLab token', form: /\bglpat-[A-Za-z0-9_-]{20,}/ },
  { kind: 'an AWS key', form: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { kind: 'a Slack token', form: /\bxox[abps]-[A-Za-z0-9-]{20,}/ },
  { kind: 'an API key', form: /\bsk-(?:proj-|ant-api\d\d-|or-v1-)?[A-Za-z0-9]{24,}/ },
  { kind: 'a private key', form: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/ },
  { kind: 'a password in a URL', form: /\bhttps?:\/\/[^\s/:@$"']+:[^\s/@$"'{]{3,}@/ },
];

/** What a layer holds can be read by whoever has the image, also when a later one removes it. */
export const secretInLayer: Rule = {
  code: 'SecretInLayer',
  severity: 'warning',
  description: 'secrets are no part of layers or of the Dockerfile',
  isPublic: false,
  needs: 'context',
  *check(subject) {
    for (const stage of subject.stages) {
      if (stage.isInResult) yield* secretFiles(stage, subject);
      yield* secretTexts(stage);
    }
  },
};

function* secretFiles({ steps }: StageView, { facts }: LintSubject): Generator<Found> {
  for (const { instruction } of steps) {
    if (!isContextCopy(instruction)) continue;
    const named = instruction.sources.find((source) => isSecretFile(cleanPath(source)));
    const brought = isWholeContextCopy(instruction)
      ? facts.files?.find(({ path, bytes }) => bytes > 0 && isSecretFile(path))?.path
      : undefined;
    const file = named ?? brought;
    if (file === undefined) continue;
    yield {
      node: instruction.node,
      piece: named ?? '',
      message: `${file} looks like a secret, and becomes part of the image`,
      fix: `use RUN --mount=type=secret where it is needed, and put ${file} into .dockerignore`,
    };
  }
}

function* secretTexts({ steps }: StageView): Generator<Found> {
  for (const { instruction } of steps) {
    const { original, heredocs } = instruction.node;
    const text = [original, ...heredocs.map(({ content }) => content)].join('\n');
    const found = SECRET_TEXT.find(({ form }) => form.test(text));
    if (found === undefined) continue;
    yield {
      node: instruction.node,
      message: `${found.kind} stands in the Dockerfile, and in the history of the image`,
      fix: 'declare it invalid, and pass the new one by RUN --mount=type=secret',
    };
  }
}
