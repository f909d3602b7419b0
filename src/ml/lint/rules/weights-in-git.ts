import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

const LARGE_BYTES = 50 * 1024 * 1024;

/** A repository that nobody can clone any more. */
export const weightsInGit: ProjectRule = {
  code: 'weights-in-git',
  severity: 'warning',
  title: 'large weights are kept by Git LFS, or outside of the repository',
  why: 'Git keeps each version of a file forever: a few checkpoints make gigabytes of each clone, and code hosts refuse files over 100 MB.',
  good: { 'app.py': APP, '.gitattributes': '*.onnx filter=lfs diff=lfs merge=lfs -text\n' },
  bad: { 'app.py': APP, '.gitignore': '__pycache__/\n', 'net.onnx': 'LARGE' },
  *check({ facts, lines }) {
    const isRepository = facts.tree.files.some(({ path }) => path === '.gitignore' || path === '.gitattributes');
    if (!isRepository || lines('.gitattributes').some((line) => line.includes('filter=lfs'))) return;
    const ignored = lines('.gitignore').map((line) => line.trim().replace(/^\/|\/$/g, ''));
    for (const { path, bytes } of facts.models.filter((model) => model.bytes >= LARGE_BYTES).slice(0, 5))
      if (!ignored.some((line) => line !== '' && (path === line || path.startsWith(`${line}/`) || (line.startsWith('*.') && path.endsWith(line.slice(1))))))
        yield { file: path, line: null, message: `${path} has ${Math.round(bytes / 1e6)} MB`, fix: 'git lfs track it, or leave it out with .gitignore and fetch it in the build' };
  },
}; // prettier-ignore
