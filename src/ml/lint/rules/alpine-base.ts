import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

const COMPILED = /^(?:numpy|pandas|scipy|scikit-learn|torch|tensorflow|onnxruntime|xgboost|lightgbm|opencv-python(?:-headless)?|grpcio|matplotlib|pyarrow|spacy|faiss-cpu|catboost|jax|tokenizers)$/; // prettier-ignore

/** Wheels that do not fit, and an hour of compiling. */
export const alpineBase: ProjectRule = {
  code: 'alpine-base',
  severity: 'warning',
  title: 'packages with compiled parts start from Debian',
  why: 'Alpine has another C library: many wheels do not fit (torch, tensorflow and onnxruntime have none for it), so pip compiles them, or cannot.',
  good: { 'app.py': APP, 'requirements.txt': 'flask==3.0.3\nnumpy==2.1.0\n', Dockerfile: 'FROM python:3.12-slim\nCOPY . .\n' },
  bad: { 'app.py': APP, 'requirements.txt': 'flask==3.0.3\nnumpy==2.1.0\n', Dockerfile: 'FROM python:3.12-alpine\nCOPY . .\n' },
  *check({ dockerfile, requirements }) {
    const compiled = requirements.find(({ name }) => COMPILED.test(name));
    if (dockerfile === undefined || compiled === undefined) return;
    const at = dockerfile.lines.findIndex((line) => /^\s*FROM\s+(?:--\S+\s+)*(?:\S*python:\S*alpine\S*|alpine\b)/i.test(line));
    if (at !== -1) yield { file: dockerfile.path, line: at + 1, message: `the base is Alpine, and ${compiled.name} has compiled parts`, fix: 'FROM python:3.12-slim' };
  },
}; // prettier-ignore
