import { SERVING_HEALTH, SERVING_PORT, type ServingFormat, servingFormat } from '../data/serving.ts';
import { isAside, type ProjectFacts } from '../detect/project.ts';
import { folderOf } from '../files.ts';
import type { ModelFacts } from '../models/model.ts';
import type { Finding } from './plan.ts';
import type { StartChoice } from './start.ts';

/** A model that nothing in the folder serves, started by the serving runtime; undefined if there is none that it can load. */
export function planModelStart(facts: ProjectFacts): StartChoice | undefined {
  const able = facts.models.flatMap((model) => {
    const row = isAside(model.path) || model.dangerous.length > 0 ? undefined : servingFormat(model.format);
    return row === undefined || !canLoad(model) ? [] : [{ model, row }];
  });
  const [first] = able.toSorted((a, b) => a.model.path.split('/').length - b.model.path.split('/').length || b.model.bytes - a.model.bytes); // prettier-ignore
  if (first === undefined) return undefined;
  const { model, row } = first;
  const served = model.format === 'saved-model' || model.format === 'safetensors' ? folderOf(model.path) || '.' : model.path; // prettier-ignore
  const evidence = { file: model.path, line: 0 };
  const command = ['python', '-m', 'berth_serving', '--model', served, '--format', row.format, '--port', String(SERVING_PORT)]; // prettier-ignore
  return {
    start: { kind: 'model', module: model.path, command, environment: { HOST: '0.0.0.0' }, directory: '' },
    port: SERVING_PORT,
    health: SERVING_HEALTH,
    extra: distributionsFor(model, row),
    decisions: [
      { subject: 'start', choice: command.join(' '), why: `no program is here, and the serving runtime can load ${model.path}`, evidence },
      { subject: 'port', choice: String(SERVING_PORT), why: "the serving runtime's port" },
      { subject: 'health', choice: SERVING_HEALTH, why: 'the serving runtime answers there once the model is loaded' },
    ],
    findings: able.length > 1 ? [otherModels(model, able.slice(0, 6).map((item) => item.model))] : [],
  };
} // prettier-ignore

/** Weights without the program that they belong to cannot be run, except where a file beside them names the architecture. */
function canLoad({ format, details, framework }: ModelFacts): boolean {
  if (format === 'keras') return details['holds'] !== 'weights';
  if (format === 'pickle' || format === 'joblib') return framework !== undefined && framework.name !== 'torch';
  return format !== 'safetensors' || details['architecture'] !== undefined;
}

/** What loading takes, in the version that wrote it where that matters. */
function distributionsFor({ framework }: ModelFacts, row: ServingFormat): string[] {
  const names = [...new Set([...row.distributions, ...(row.byFramework[framework?.name ?? ''] ?? [])])];
  return names.map((name) => {
    if (name !== framework?.name || framework.version === null) return name;
    // Pickles are read by the version that wrote them; the formats of others by that and newer ones.
    return `${name}${name === 'scikit-learn' ? '==' : '>='}${framework.version}`;
  });
}

function otherModels(model: ModelFacts, all: readonly ModelFacts[]): Finding {
  const others = all.filter((other) => other !== model).map(({ path }) => path);
  return {
    code: 'several-models', severity: 'note', file: model.path, line: null, message: `${model.path} is served; ${others.join(', ')} could be served too`, fix: `name another one: berth serve ${others[0] ?? ''}`,
  }; // prettier-ignore
}
