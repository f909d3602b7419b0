import { eachRequirement } from '../each-requirement.ts';
import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

export const headlessOpencv: ProjectRule = {
  code: 'opencv-for-servers',
  severity: 'warning',
  title: 'services use opencv-python-headless',
  why: 'opencv-python needs libGL and others of a desktop, which slim images do not have; the headless one does the same without windows.',
  good: { 'app.py': `import cv2\n${APP}`, 'requirements.txt': 'flask==3.0.3\nopencv-python-headless==4.10.0.84\n' },
  bad: { 'app.py': `import cv2\n${APP}`, 'requirements.txt': 'flask==3.0.3\nopencv-python==4.10.0.84\n' },
  *check(subject) {
    const shows = subject.facts.modules.some(({ calls }) => ['cv2.imshow', 'cv2.namedWindow', 'cv2.waitKey'].some((call) => calls.has(call))); // prettier-ignore
    if (shows) return;
    yield* eachRequirement(subject, ({ name }) =>
      name !== 'opencv-python' && name !== 'opencv-contrib-python' ? undefined : {
        message: `${name} needs libraries of a desktop, and nothing here opens a window`, fix: `write ${name}-headless`,
        text: (line) => line.replace(/^(\s*)opencv([_-])(contrib[_-])?python(?![\w-])/i, (found) => `${found.toLowerCase()}-headless`),
      },
    );
  },
}; // prettier-ignore
