import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

export const severalOpencvs: ProjectRule = {
  code: 'several-opencvs',
  severity: 'error',
  title: 'only one OpenCV is installed',
  why: 'All of them install the module cv2 into one folder; which one wins depends on the order of installation.',
  good: { 'app.py': APP, 'requirements.txt': 'flask==3.0.3\nopencv-python-headless==4.10.0.84\n' },
  bad: { 'app.py': APP, 'requirements.txt': 'opencv-python==4.10.0.84\nopencv-python-headless==4.10.0.84\n' },
  *check({ requirements }) {
    const all = requirements.filter(({ name }) => /^opencv-(?:contrib-)?python(?:-headless)?$/.test(name));
    const [first, second] = [...new Map(all.map((item) => [item.name, item])).values()];
    if (first === undefined || second === undefined) return;
    yield { file: second.file, line: second.line || null, message: `${first.name} and ${second.name} overwrite each other`, fix: `keep ${[first, second].find(({ name }) => name.endsWith('headless'))?.name ?? first.name} only` }; // prettier-ignore
  },
};
