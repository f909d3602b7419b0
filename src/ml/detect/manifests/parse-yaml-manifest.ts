import { BerthError } from '#lib/errors.ts';
import { parseYaml, type Yaml } from '../../yaml.ts';
import { type Draft, problem } from './contract.ts';

/** What a manifest in YAML says; null, and a problem of the manifest, where it cannot be read. */
export function parseYamlManifest(draft: Draft, text: string): Yaml {
  try {
    return parseYaml(text);
  } catch (error) {
    const message = error instanceof BerthError ? `${error.message}: ${error.why ?? ''}` : 'it is no YAML';
    const line = Number(/line (\d+)/.exec(message)?.[1] ?? 1);
    draft.problems.push(problem('manifest-unreadable', { file: draft.path, line }, { message: `${draft.path}: ${message}`, fix: 'mend the file', severity: 'error' })); // prettier-ignore
    return null;
  }
}
