import type { ProjectPlan, StartPlan } from '../plan/plan.ts';
import { needsServing } from './extra-files.ts';
import { RUNTIME_FOLDER } from './install-lines.ts';
import { programLines } from './runtime-lines.ts';
import { type Startup, startPeriodSeconds } from './startup.ts';
import { comment, quoted, runLine, shellWords } from './text.ts';

/** Where the project lies in an image that is generated. */
export const PROJECT_FOLDER = '/app';
/** Account that a generated image runs its program as. */
export const USER = { name: 'app', id: 10001 } as const;
/** What is fetched by name at the first start is kept here: a volume, shared by all who run the image. */
export const HUB_FOLDER = '/var/cache/hub';

/** Where models lie that were fetched while the image was built. */
const BAKED_FOLDER = '/opt/hub/huggingface';

/** Before the code, so that a change of it makes no account anew. */
export function userLines(plan: ProjectPlan): string[] {
  if (plan.start === null) return [];
  const hub = plan.hubModels.length > 0 ? ` ${HUB_FOLDER}` : '';
  return [
    '',
    comment('The program needs no privileges; it may write in its own folder.'),
    `RUN useradd --create-home --no-log-init --uid ${USER.id} ${USER.name} \\`,
    ` && mkdir -p ${PROJECT_FOLDER}${hub} \\`,
    ` && chown ${USER.name}:${USER.name} ${PROJECT_FOLDER}${hub}`,
  ];
}

/** Who runs it, how, and how others see that it is well. */
export function startLines(
  plan: ProjectPlan,
  { startup, isBaked }: { startup: Startup | undefined; isBaked: boolean },
): string[] {
  const { start, port } = plan;
  if (start === null) return ['', comment('Nothing here starts by itself.'), 'CMD ["python"]'];
  return [
    '',
    `USER ${USER.name}`,
    ...(isBaked ? [] : hubLines(plan)),
    ...acceleratorLines(plan),
    ...environmentLines(plan, start),
    ...(start.directory === '' ? [] : [comment('Its files import each other by bare names.'), `WORKDIR ${quoted(`${PROJECT_FOLDER}/${start.directory}`)}`]),
    ...labelLines(plan, startup),
    ...(port === null ? [] : [`EXPOSE ${port}`]),
    ...healthLines(plan, startup, isBaked),
    ...signalLines(start),
    comment(plan.decisions.find(({ subject }) => subject === 'start')?.why ?? `${start.module} is the program`),
    ...programLines(start),
  ]; // prettier-ignore
}

/**
 * Fetches models while the image is built, so that it starts without a network. A token for those that only some may fetch comes as a secret.
 */
export function bakeLines({ hubModels }: ProjectPlan, { buildkit }: { buildkit: boolean }): string[] {
  const models = new Map(
    hubModels.filter(({ hub }) => hub === 'huggingface').map((model) => [model.name, model.revision]),
  );
  if (models.size === 0) return [];
  const calls = [...models].map(
    ([name, revision]) =>
      `snapshot_download(${pythonText(name)}${revision === null ? '' : `, revision=${pythonText(revision)}`})`,
  );
  const program = `from huggingface_hub import snapshot_download; ${calls.join('; ')}`;
  const mounts = buildkit ? ['type=secret,id=HF_TOKEN,env=HF_TOKEN'] : [];
  return [
    '',
    comment(`${[...models.keys()].join(', ')}: fetched while the image is built, so that it starts without a network.`),
    `ENV HF_HOME=${BAKED_FOLDER}`,
    runLine(mounts, [`python -c ${shellWords([program])}`]),
    'ENV HF_HUB_OFFLINE=1',
  ];
}

function hubLines({ hubModels }: ProjectPlan): string[] {
  const [first] = hubModels;
  if (first === undefined) return [];
  return [
    comment(`${first.name} and what else is fetched at the first start lies in a volume, and is fetched once.`),
    `ENV HF_HOME=${HUB_FOLDER}/huggingface TORCH_HOME=${HUB_FOLDER}/torch`,
    `VOLUME ["${HUB_FOLDER}"]`,
  ];
}

function acceleratorLines({ accelerator }: ProjectPlan): string[] {
  if (accelerator !== 'gpu') return [];
  return [
    comment("The host's driver is mounted in; everything else of CUDA comes with the packages."),
    'ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility',
  ];
}

function environmentLines(plan: ProjectPlan, { environment }: StartPlan): string[] {
  const own = Object.entries(environment).filter(([name]) => /^[A-Za-z_]\w*$/.test(name));
  const runtime = needsServing(plan) ? [['PYTHONPATH', RUNTIME_FOLDER] as const] : [];
  return [...runtime, ...own].map(([name, value]) => `ENV ${name}=${quoted(value)}`);
}

function labelLines(plan: ProjectPlan, startup: Startup | undefined): string[] {
  const labels: [string, string][] = [['org.opencontainers.image.title', plan.directory]];
  if (plan.health !== null) labels.push(['berth.health', plan.health]);
  if (plan.shmBytes !== null) labels.push(['berth.shm-bytes', String(plan.shmBytes)]);
  if (startup !== undefined) labels.push(['berth.startup', JSON.stringify(startup)]);
  return [`LABEL ${labels.map(([name, value]) => `${name}=${labelValue(value)}`).join(' \\\n      ')}`];
}

function labelValue(value: string): string {
  return value === '' ? '""' : quoted(value);
}

/** By Python itself, which every image has; curl would have to be installed for it. */
function healthLines(
  { port, health, hubModels }: ProjectPlan,
  startup: Startup | undefined,
  isBaked: boolean,
): string[] {
  if (port === null) return [];
  const path = health ?? '/';
  // A page that is not there is an answer as well; a path made for the purpose has to say that all is well.
  const limit = path === '/' ? 500 : 400;
  const program = `import http.client as h; c = h.HTTPConnection('127.0.0.1', ${port}, timeout=4); c.request('GET', ${pythonText(path)}); raise SystemExit(c.getresponse().status >= ${limit})`;
  const period = startPeriodSeconds(startup, hubModels.length > 0 && !isBaked);
  const why =
    startup === undefined
      ? 'as long as most need'
      : `five times of what it took when it was measured, at least 15 seconds`;
  return [
    comment(`Whether it is well; failures do not count in the first ${period} seconds, ${why}.`),
    `HEALTHCHECK --interval=30s --timeout=5s --start-period=${period}s --retries=3 \\`,
    `  CMD ${JSON.stringify(['python', '-c', program])}`,
  ];
}

function pythonText(text: string): string {
  return `'${text.replace(/[\\']/g, String.raw`\$&`).replace(/[^\x20-\x7e]/g, '')}'`;
}

/** Servers of frameworks for development do not look at SIGTERM, which the first process of a container may ignore. */
function signalLines({ command, kind }: StartPlan): string[] {
  const [program, second] = command;
  const ignores = program === 'flask' || (program === 'python' && second !== '-m' && kind !== 'django');
  return ignores ? [comment('The first process of a container ignores SIGTERM unless it asks for it.'), 'STOPSIGNAL SIGINT'] : []; // prettier-ignore
}
