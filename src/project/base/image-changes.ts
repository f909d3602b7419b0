import { type Recipe, SUITES } from './recipes.ts';

/** Label of every stand-in; its value is the name it stands for. */
export const STANDIN_LABEL = 'berth.standin';

const DEBIAN_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the official image has beside its files, as lines of a Dockerfile. */
export function imageChanges(recipe: Recipe, pythonVersion: string | undefined): string[] {
  const { name, suite, kind } = recipe;
  const from = suite === undefined ? '' : ` ${STANDIN_LABEL}.from="debian ${SUITES[suite].debian} (${suite})"`;
  const label = `LABEL ${STANDIN_LABEL}="${name}"${from}`;
  if (kind === 'hello-world') return [label, `ENV PATH=${DEBIAN_PATH}`, 'CMD ["/hello"]'];
  if (kind === 'debian') return [label, `ENV PATH=${DEBIAN_PATH}`, 'CMD ["bash"]'];
  return [
    label,
    `ENV PATH=/usr/local/bin:${DEBIAN_PATH}`,
    'ENV LANG=C.UTF-8',
    ...(pythonVersion === undefined ? [] : [`ENV PYTHON_VERSION=${pythonVersion}`]),
    'CMD ["python3"]',
  ];
}
