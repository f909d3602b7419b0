import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** A debugger that answers everybody. */
export const debugServer: ProjectRule = {
  code: 'debug-server',
  severity: 'warning',
  title: 'services do not run in debug mode',
  why: "The debugger of Flask runs what whoever reaches it types, and the reloader starts a second process that loads the model twice.",
  good: { 'app.py': `${APP}if __name__ == '__main__':\n    app.run(host='0.0.0.0')\n`, 'requirements.txt': 'flask==3.0.3\n' },
  bad: { 'app.py': `${APP}if __name__ == '__main__':\n    app.run(debug=True)\n`, 'requirements.txt': 'flask==3.0.3\n' },
  *check({ facts, lines }) {
    for (const { path, binds } of facts.modules)
      for (const { line, callee } of binds) {
        const at = lines(path).slice(line - 1, line + 8).findIndex((text) => /\b(?:debug|reload|use_reloader)\s*=\s*True\b/.test(text));
        if (at !== -1) yield { file: path, line: line + at, message: `${callee} starts in debug mode`, fix: 'let a variable say so: debug=os.environ.get("DEBUG") == "1"' };
      }
  },
}; // prettier-ignore
