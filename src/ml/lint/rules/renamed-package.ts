import { eachRequirement } from '../each-requirement.ts';
import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** Projects that go on under another name. Source: their last releases on the package index, 2026-11. */
const RENAMED: Readonly<Record<string, string>> = {
  fbprophet: 'prophet', pycrypto: 'pycryptodome', 'tensorflow-gpu': 'tensorflow', 'pandas-profiling': 'ydata-profiling', gym: 'gymnasium', 'pytorch-lightning': 'lightning', 'google-generativeai': 'google-genai', pypdf2: 'pypdf', 'fuzzywuzzy': 'rapidfuzz', nose: 'pytest',
}; // prettier-ignore

/** Packages that get no fixes any more. */
export const renamedPackage: ProjectRule = {
  code: 'renamed-package',
  severity: 'note',
  title: 'packages are those that still get fixes',
  why: 'Some projects go on under another name; the old one has no releases for new Pythons, and no fixes of security.',
  good: { 'app.py': APP, 'requirements.txt': 'pycryptodome==3.21.0\n' },
  bad: { 'app.py': APP, 'requirements.txt': 'pycrypto==2.6.1\n' },
  *check(subject) {
    yield* eachRequirement(subject, ({ name }) => {
      const now = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
      return now === undefined
        ? undefined
        : { message: `${name} goes on as ${now}`, fix: `move to ${now}; its interface may differ` };
    });
  },
};
