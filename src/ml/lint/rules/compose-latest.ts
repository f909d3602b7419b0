import type { ProjectRule } from '../rule.ts';
import { isYamlMap, yamlLine } from '../../yaml.ts';

/** Another image under the same name. */
export const composeLatest: ProjectRule = {
  code: 'compose-latest',
  severity: 'warning',
  title: 'images of compose files have a version',
  why: 'Without one, or with latest, two machines run different images, and a restart may bring a new major version of a database.',
  good: { 'compose.yaml': 'services:\n  db:\n    image: postgres:16.4\n' },
  bad: { 'compose.yaml': 'services:\n  db:\n    image: postgres:latest\n' },
  *check({ composes }) {
    for (const { path, services } of composes)
      for (const [name, service] of Object.entries(services)) {
        const image = isYamlMap(service) ? service['image'] : undefined;
        if (typeof image !== 'string' || image.includes('$') || image.includes('@sha256:')) continue;
        const tag = /:([\w.-]+)$/.exec(image)?.[1];
        const isBuilt = isYamlMap(service) && service['build'] !== undefined;
        if (!isBuilt && (tag === undefined || tag === 'latest')) yield { file: path, line: yamlLine(isYamlMap(service) ? service : undefined, 'image'), message: `${name} runs ${image}, whatever that is today`, fix: 'name the version that works now' };
      }
  },
}; // prettier-ignore
