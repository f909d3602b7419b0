import { baseOf, folderOf } from '../files.ts';
import type { ProjectPlan } from '../plan/plan.ts';
import { CONSTRAINTS_FILE, constraintLines, copiedManifests, EXACT_FILE, EXTRA_FOLDER, extraFiles, MANIFESTS_FOLDER, needsServing, SERVING_FOLDER } from './extra-files.ts'; // prettier-ignore
import { type ManagerInstall, managerInstall, TOOL_CACHES } from './managers.ts';
import { lacksPython, pythonLines } from './python-lines.ts';
import { comment, copyLine, quoted, reason, runLine, shellWords } from './text.ts';

/** Where packages are installed in a stage of their own. */
export const ENVIRONMENT_FOLDER = '/opt/venv';
/** Where the serving runtime lies in an image. */
export const RUNTIME_FOLDER = '/opt/berth/serving';

/** What the builder of the Dockerfile can do. */
export interface BuilderKind {
  /** Caches of package managers are mounted: for builders that give none by themselves. */
  cacheMounts: boolean;
  /** Steps can be given secrets, and COPY can leave files out. */
  buildkit: boolean;
  /** Context that generated files come from; the project's folder itself if undefined. */
  filesFrom: string | undefined;
  /** Manifests that are copied without the passwords in them. */
  stripped: ReadonlySet<string>;
}

/** Whether what installs leaves things behind that the image does not need: then it does so in a stage of its own. */
export function needsStage(plan: ProjectPlan): boolean {
  return managerInstall(plan) !== undefined || (plan.install.buildApt ?? []).length > 0;
}

/** Whether the code has to be there before anything can be installed: the project is named itself, or a file may name it. */
export function installsWhole(plan: ProjectPlan): boolean {
  const { needsProject, exact, arguments: words } = plan.install;
  if (!needsProject || exact !== undefined || managerInstall(plan) !== undefined) return false;
  return words.some((word) => /^(?:-r|-e|--editable|\.(?:\/.*|\[.*)?)$/.test(word));
}

/** Where the project itself is installed: with what compiles, or in the image, where a change of code changes least. */
export function projectPlace({ install }: ProjectPlan): 'nowhere' | 'stage' | 'image' {
  if (!install.needsProject) return 'nowhere';
  return (install.buildApt ?? []).length > 0 ? 'stage' : 'image';
}

/** The stage that compiles, or that holds a package manager. */
export function stageLines(plan: ProjectPlan, kind: BuilderKind): string[] {
  const manager = managerInstall(plan);
  // Requirements may come from repositories, and it is here that they are fetched.
  const apt = [...(plan.install.buildApt ?? []), ...plan.apt.filter((name) => name === 'git' || name === 'git-lfs')];
  return [
    reason(`What installs stays in this stage: ${[...(manager?.tools ?? []), ...apt].join(', ')}`),
    `FROM ${baseName(plan)} AS packages`,
    ...pythonLines(plan, ENVIRONMENT_FOLDER),
    ...(apt.length === 0 ? [] : [...aptReasons(plan, apt), ...aptRun(apt)]),
    ...(manager === undefined || manager.tools.length === 0 ? [] : [toolsRun(manager, plan, kind)]),
    ...environmentOf(plan),
    ...(manager === undefined ? [] : environmentLines(manager.environment)),
    'WORKDIR /app',
    ...packagesLines(plan, kind),
    ...(projectPlace(plan) === 'stage' ? ['COPY . .', projectRun(plan, kind)] : []),
  ];
}

/** With Python in it comes an environment. */
function environmentOf(plan: ProjectPlan): string[] {
  if (lacksPython(plan)) return [];
  return [
    runLine([], [`python -m venv ${ENVIRONMENT_FOLDER}`]),
    `ENV VIRTUAL_ENV=${ENVIRONMENT_FOLDER} PATH=${ENVIRONMENT_FOLDER}/bin:$PATH`,
  ];
}

/** One word, whatever it was taken from. */
export function baseName({ base }: ProjectPlan): string {
  return base.replace(/\s+/g, '');
}

function environmentLines(variables: Readonly<Record<string, string>>): string[] {
  const pairs = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`);
  return pairs.length === 0 ? [] : [`ENV ${pairs.join(' ')}`];
}

function toolsRun({ tools }: ManagerInstall, plan: ProjectPlan, kind: BuilderKind): string {
  return runLine(mountsFor(['pip'], plan, kind), [`pip install${cacheSwitch(kind)} ${shellWords(tools)}`]);
}

/** Why each of some Debian packages is there. */
export function aptReasons({ decisions }: ProjectPlan, packages: readonly string[]): string[] {
  return decisions
    .filter(({ subject, choice }) => subject === 'system' && choice.split(' ').some((name) => packages.includes(name)))
    .map(({ choice, why }) => comment(`${choice}: ${why}.`));
}

/** Debian packages in one step: its lists are of no use later, and a cached list would name files that are gone. */
export function aptRun(packages: readonly string[]): string[] {
  return [
    '# hadolint ignore=DL3008',
    runLine([], [
      'apt-get update',
      `apt-get install -y --no-install-recommends ${shellWords(packages)}`,
      'rm -rf /var/lib/apt/lists/*',
    ]),
  ]; // prettier-ignore
}

/** Copies what says what is installed, and installs it. */
export function packagesLines(plan: ProjectPlan, kind: BuilderKind): string[] {
  const manager = managerInstall(plan);
  const runs = manager === undefined ? pipRuns(plan, kind) : managerRuns(manager, plan, kind);
  if (runs.length === 0) return [];
  const why =
    manager?.why ?? plan.decisions.find(({ subject }) => subject === 'packages')?.why ?? 'what the code needs';
  return [
    reason(`Packages: ${why}`),
    comment('They come before the code, so that a change of code installs nothing anew.'),
    ...secretComments(plan, kind),
    ...manifestCopies(plan, kind),
    ...runs,
  ];
}

function secretComments(plan: ProjectPlan, { buildkit }: BuilderKind): string[] {
  const secrets = plan.secrets.filter(({ name }) => !isForModels(name));
  if (!buildkit || secrets.length === 0) return [];
  const flags = secrets.map(({ name }) => (isFile(name) ? `--secret id=${name},src=FILE` : `--secret id=${name}`));
  return [
    ...secrets.map(({ name, why }) => comment(`${name}: ${why}; it is there while the step runs, and in no layer.`)),
    comment(`By hand: docker build ${flags.join(' ')} .`),
  ];
}

function manifestCopies(plan: ProjectPlan, kind: BuilderKind): string[] {
  const from = kind.filesFrom === undefined ? [] : [`--from=${kind.filesFrom}`];
  const own = copiedManifests(plan);
  const plain = own.filter((path) => !kind.stripped.has(path));
  const lines = copiesByFolder(plain).map(([folder, files]) => copyLine([], files, folder));
  for (const path of own.filter((file) => kind.stripped.has(file)))
    lines.push(copyLine(from, [`${MANIFESTS_FOLDER}/${path}`], folderOf(path) === '' ? './' : `${folderOf(path)}/`));
  const extra = [...extraFiles(plan).keys()];
  if (extra.length > 0) lines.push(copyLine(from, extra, `${EXTRA_FOLDER}/`));
  if (needsServing(plan)) lines.push(copyLine(from, [`${SERVING_FOLDER}/`], `${RUNTIME_FOLDER}/`));
  return lines;
}

function copiesByFolder(files: readonly string[]): [folder: string, files: string[]][] {
  return [...Map.groupBy(files, (path) => (folderOf(path) === '' ? './' : `${folderOf(path)}/`))];
}

function pipRuns(plan: ProjectPlan, kind: BuilderKind): string[] {
  const { install } = plan;
  const isExact = install.exact !== undefined;
  const wanted = [...(isExact || installsWhole(plan) ? [] : install.arguments), ...runtimeWords(plan)];
  const commands: string[] = [];
  if (isExact) commands.push(pipCommand(plan, kind, ['--no-deps', '-r', EXACT_FILE]));
  const limits = isExact ? [] : limitWords(plan);
  const first = isExact ? [] : (install.buildFirst ?? []);
  if (first.length > 0 && wanted.length > 0) commands.push(pipCommand(plan, kind, [...limits, ...first]));
  const isolation = first.length > 0 ? ['--no-build-isolation'] : [];
  if (wanted.length > 0) commands.push(pipCommand(plan, kind, [...limits, ...isolation, ...wanted]));
  if (install.fromDebian !== undefined) commands.push(debianLink(install.fromDebian.path));
  return commands.length === 0 ? [] : [runLine(mountsFor(['pip'], plan, kind), commands)];
}

/** What Debian's packages brought is found behind the interpreter's own packages; pip, which came before, left it alone. */
function debianLink(path: string): string {
  return `python -c "import site; open(site.getsitepackages()[0] + '/debian.pth', 'w').write('${path}')"`;
}

function limitWords(plan: ProjectPlan): string[] {
  return constraintLines(plan).length === 0 ? [] : ['-c', CONSTRAINTS_FILE];
}

function runtimeWords(plan: ProjectPlan): string[] {
  return needsServing(plan) ? ['-r', `${RUNTIME_FOLDER}/requirements.txt`] : [];
}

function pipCommand({ indexes }: ProjectPlan, kind: BuilderKind, words: readonly string[]): string {
  const extra = indexes
    .filter((address) => !words.includes(address))
    .flatMap((address) => ['--extra-index-url', address]);
  return `pip install${cacheSwitch(kind)} ${shellWords([...extra, ...words])}`;
}

function cacheSwitch({ cacheMounts, buildkit }: BuilderKind): string {
  return cacheMounts && buildkit ? '' : ' --no-cache-dir';
}

function managerRuns(manager: ManagerInstall, plan: ProjectPlan, kind: BuilderKind): string[] {
  const programs = [...new Set(manager.commands.map(([program = '']) => program))];
  const commands = manager.commands.map(shellWords);
  const runtime = runtimeWords(plan);
  if (runtime.length > 0) commands.push(pipCommand(plan, kind, runtime));
  return [runLine(mountsFor(programs, plan, kind), commands)];
}

/** The project itself: it is installed where its code is. */
export function projectRun(plan: ProjectPlan, kind: BuilderKind): string {
  const words = installsWhole(plan) ? [...limitWords(plan), ...plan.install.arguments] : ['--no-deps', '.'];
  const set = Object.entries(plan.install.environment ?? {}).map(([name, value]) => `${name}=${quoted(value)} `);
  return runLine(mountsFor(['pip'], plan, kind), [`${set.join('')}${pipCommand(plan, kind, words)}`]);
}

/** Caches and secrets of a step that installs. */
function mountsFor(programs: readonly string[], { secrets }: ProjectPlan, kind: BuilderKind): string[] {
  if (!kind.buildkit) return [];
  const places = programs.flatMap((program) => TOOL_CACHES[program] ?? []);
  const caches = kind.cacheMounts ? places.map((target) => `type=cache,target=${target}`) : [];
  return [...caches, ...secrets.flatMap(({ name }) => secretMount(name))];
}

const SECRET_FILES: Readonly<Record<string, string>> = { 'pip.conf': '/etc/pip.conf', netrc: '/root/.netrc' };

function isForModels(name: string): boolean {
  return /^(?:HF|HUGGING_?FACE\w*)_/.test(name);
}

function isFile(name: string): boolean {
  return Object.hasOwn(SECRET_FILES, name);
}

/** Not every credential is one for installing: models are fetched when the program runs. */
function secretMount(name: string): string[] {
  if (isForModels(name)) return [];
  if (isFile(name)) return [`type=secret,id=${name},target=${SECRET_FILES[name] ?? ''}`];
  return /^[A-Za-z_]\w*$/.test(name) ? [`type=secret,id=${name},env=${name}`] : [];
}

/** Names of the plan's files, for those who look whether a file of the folder is one of them. */
export function isManifest({ install, manifest, lock }: ProjectPlan, path: string): boolean {
  return (
    install.files.includes(path) ||
    manifest?.path === path ||
    lock?.path === path ||
    ['Dockerfile', '.dockerignore', 'pyproject.toml'].includes(baseOf(path))
  );
}
