import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** Cells are no service. */
export const notebookOnly: ProjectRule = {
  code: 'notebook-only',
  severity: 'note',
  title: 'what is served is a program',
  why: 'A notebook can be opened by others, but nothing can be asked: the cells run only when somebody runs them.',
  good: { 'app.py': APP, 'analysis.ipynb': '{"cells": [], "metadata": {}, "nbformat": 4}' },
  bad: { 'analysis.ipynb': '{"cells": [{"cell_type": "code", "source": ["import math\\n", "math.pi"]}], "metadata": {}, "nbformat": 4}' },
  *check({ facts, plan }) {
    const [first] = facts.notebooks;
    if (first === undefined || facts.modules.some(({ path }) => !path.startsWith('test')) || (plan.start !== null && plan.start.kind !== 'notebook')) return;
    yield { file: first.path, line: null, message: 'the project is notebooks only: Jupyter is what can be started', fix: 'write the part that answers into predict.py with a function predict(...)' };
  },
}; // prettier-ignore
