import type { AppFacts } from '../detect/app.ts';
import { isAside } from '../detect/reach.ts';
import type { Finding } from './plan.ts';

const NO_SERVICE = new Set(['script', 'handler', 'notebook']);
const NAMED = 5;

/** Which other programs could have been served, where there are several: which one is meant only people know. */
export function otherApps(app: AppFacts | undefined, apps: readonly AppFacts[]): Finding[] {
  if (app === undefined || NO_SERVICE.has(app.kind)) return [];
  const others = apps.filter((other) => !NO_SERVICE.has(other.kind) && !isAside(other.module.path) && !isSame(app, other));
  if (others.length === 0) return [];
  const paths = others.map(({ module }) => module.path);
  const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
  const why = app.hint === undefined ? 'its name and place say so' : `${app.hint.source} names it`;
  return [{
    code: 'several-apps', severity: 'note', file: app.module.path, line: app.line, fix: 'name the one that is meant in a Procfile: web: …',
    message: `${app.module.path} is served, for ${why}; ${paths.slice(0, NAMED).join(', ')}${more} could be served too`,
  }];
} // prettier-ignore

/** The same application passed on by another file, another page of one Streamlit app, another interface of one Django site. */
function isSame(app: AppFacts, other: AppFacts): boolean {
  const isPage = app.kind === 'streamlit' && other.kind === 'streamlit' && /(^|\/)pages\//.test(other.module.path);
  const isSite = app.kind === 'django' && other.kind === 'django';
  return other === app || other.origin === app.origin || isPage || isSite;
}
