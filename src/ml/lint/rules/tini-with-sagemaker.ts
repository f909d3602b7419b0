import type { ProjectRule } from '../rule.ts';

const INFERENCE = 'def model_fn(model_dir):\n    return None\n\ndef predict_fn(data, model):\n    return data\n';

/** `tini serve` is no program. */
export const tiniWithSagemaker: ProjectRule = {
  code: 'tini-with-sagemaker',
  severity: 'warning',
  title: 'images for SageMaker have no tini as entry point',
  why: 'SageMaker starts the image with the word serve or train behind the entry point: tini takes that for the program.',
  good: { 'inference.py': INFERENCE, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nENTRYPOINT ["python", "serve.py"]\n' },
  bad: { 'inference.py': INFERENCE, Dockerfile: 'FROM python:3.12-slim\nCOPY . .\nENTRYPOINT ["tini", "--"]\n' },
  *check({ dockerfile, facts }) {
    const isSagemaker = facts.modules.some(({ functions, imports }) => functions.some(({ name }) => name === 'model_fn') || imports.some(({ module }) => module.startsWith('sagemaker')));
    const lines = dockerfile?.lines ?? [];
    const at = lines.findLastIndex((line) => /^\s*ENTRYPOINT\b.*\b(?:tini|dumb-init)\b/i.test(line));
    if (isSagemaker && at !== -1) yield { file: dockerfile?.path ?? null, line: at + 1, message: 'the entry point takes the word serve of SageMaker for a program', fix: 'name the program itself as entry point; berth conform IMAGE --target sagemaker tests it' };
  },
}; // prettier-ignore
