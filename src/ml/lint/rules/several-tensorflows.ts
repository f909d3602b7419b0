import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

export const severalTensorflows: ProjectRule = {
  code: 'several-tensorflows',
  severity: 'error',
  title: 'only one TensorFlow is installed',
  why: 'tensorflow, tensorflow-cpu and tensorflow-gpu install the same module; together they are twice as large and one overwrites the other.',
  good: { 'app.py': APP, 'requirements.txt': 'tensorflow-cpu==2.17.0\n' },
  bad: { 'app.py': APP, 'requirements.txt': 'tensorflow==2.17.0\ntensorflow-cpu==2.17.0\n' },
  *check({ requirements }) {
    const all = requirements.filter(({ name }) => /^(?:tensorflow|tensorflow-cpu|tensorflow-gpu|tf-nightly|intel-tensorflow)$/.test(name)); // prettier-ignore
    const [first, second] = [...new Map(all.map((item) => [item.name, item])).values()];
    if (first === undefined || second === undefined) return;
    yield { file: second.file, line: second.line || null, message: `${first.name} and ${second.name} install the same module`, fix: 'keep one of them: tensorflow-cpu for processors' }; // prettier-ignore
  },
};
