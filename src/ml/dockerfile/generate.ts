import type { ProjectPlan } from '../plan/plan.ts';

/** Where the project lies in an image that is generated. */
export const PROJECT_FOLDER = '/app';

/** Account that a generated image runs its program as. */
const USER = { name: 'app', id: 10001 } as const;

/** A Dockerfile for a plan: packages before code, so that a change of code installs nothing anew; each part with its reason. */
export function generateDockerfile(plan: ProjectPlan): string {
  return [
    comment(`${plan.directory}: written by berth from what it read in the folder; see \`berth plan\`.`),
    comment(`Python ${plan.python.version}: ${plan.python.why}.`),
    `FROM ${plan.base}`,
    'ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1',
    `WORKDIR ${PROJECT_FOLDER}`,
    ...aptLines(plan),
    ...installLines(plan),
    ...userLines(plan),
    '',
    'COPY . .',
    ...(plan.install.needsProject ? [pipLine(plan)] : []),
    ...startLines(plan),
    '',
  ].join('\n');
}

function aptLines({ apt, decisions }: ProjectPlan): string[] {
  if (apt.length === 0) return [];
  const reasons = decisions
    .filter(({ subject }) => subject === 'system')
    .map(({ choice, why }) => comment(`${choice}: ${why}.`));
  return [
    '',
    ...reasons,
    `RUN apt-get update && apt-get install -y --no-install-recommends ${apt.join(' ')} && rm -rf /var/lib/apt/lists/*`,
  ];
}

function installLines(plan: ProjectPlan): string[] {
  const { install, decisions } = plan;
  if (install.arguments.length === 0 || install.needsProject) return [];
  const why = decisions.find(({ subject }) => subject === 'packages')?.why ?? '';
  const copies = [
    ...Map.groupBy(install.files, (path) =>
      path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : './',
    ).entries(),
  ];
  const lines = copies.map(
    ([folder, files]) =>
      `COPY ${[...files, folder].every(isPlain) ? [...files, folder].join(' ') : JSON.stringify([...files, folder])}`,
  );
  return ['', comment(`Packages: ${why}.`), ...lines, pipLine(plan)];
}

function pipLine({ install }: ProjectPlan): string {
  return `RUN pip install --no-cache-dir ${install.arguments
    .map((text) => text.replace(/\s+/g, ' '))
    .map((word) => (isPlain(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ')}`;
}

/** Names come from the project: none may begin a line of its own. */
function comment(text: string): string {
  return `# ${text.replace(/\s+/g, ' ')}`;
}

/** A value in which nothing is replaced. */
function quoted(value: string): string {
  const text = value.replace(/\s+/g, ' ');
  return isPlain(text) ? text : `"${text.replace(/[\\"$]/g, String.raw`\$&`)}"`;
}

function isPlain(word: string): boolean {
  return /^[\w./=@:+-]+$/.test(word);
}

/** Before the code, so that a change of it makes no account anew. */
function userLines({ start }: ProjectPlan): string[] {
  if (start === null) return [];
  return [
    '',
    '# The program needs no privileges; it may write in its own folder.',
    `RUN useradd --create-home --uid ${USER.id} ${USER.name} && chown ${USER.name} ${PROJECT_FOLDER}`,
  ];
}

function startLines({ start, port }: ProjectPlan): string[] {
  if (start === null) return ['', `CMD ["python"]`];
  const environment = Object.entries(start.environment).map(([name, value]) => `ENV ${name}=${quoted(value)}`);
  return [
    `USER ${USER.name}`,
    ...environment,
    ...(start.directory === '' ? [] : [`WORKDIR ${quoted(`${PROJECT_FOLDER}/${start.directory}`)}`]),
    ...(port === null ? [] : [`EXPOSE ${port}`]),
    `CMD ${JSON.stringify(start.command)}`,
  ];
}
