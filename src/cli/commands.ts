import type { Command } from './command.ts';

/** A command in the table; its code is loaded when it is called. */
export interface Entry {
  /** One line for the help. */
  summary: string;
  load(): Promise<Command>;
}

/** Commands about one noun. */
export interface Group {
  summary: string;
  commands: Readonly<Record<string, Entry>>;
}

const entry = (summary: string, load: () => Promise<Command>): Entry => ({ summary, load });

const container = {
  attach: entry('Attach to a running container', async () => (await import('./commands/container/attach.ts')).attach),
  commit: entry(
    "Make an image of a container's changes",
    async () => (await import('./commands/container/commit.ts')).commit,
  ),
  cp: entry('Copy files between a container and the host', async () => (await import('./commands/container/cp.ts')).cp),
  create: entry('Create a container', async () => (await import('./commands/container/create.ts')).create),
  diff: entry(
    "Show what changed in a container's files",
    async () => (await import('./commands/container/diff.ts')).diff,
  ),
  exec: entry('Run a command in a running container', async () => (await import('./commands/container/exec.ts')).exec),
  export: entry(
    "Write a container's files as a tar archive",
    async () => (await import('./commands/container/export.ts')).exportFiles,
  ),
  inspect: entry(
    'Show everything about containers',
    async () => (await import('./commands/container/inspect.ts')).inspect,
  ),
  kill: entry('Send a signal to containers', async () => (await import('./commands/container/kill.ts')).kill),
  logs: entry("Show a container's output", async () => (await import('./commands/container/logs.ts')).logs),
  ls: entry('List containers', async () => (await import('./commands/container/ls.ts')).ls),
  pause: entry('Freeze containers', async () => (await import('./commands/container/pause.ts')).pause),
  port: entry("List a container's published ports", async () => (await import('./commands/container/port.ts')).port),
  prune: entry('Remove containers that do not run', async () => (await import('./commands/container/prune.ts')).prune),
  rename: entry('Rename a container', async () => (await import('./commands/container/rename.ts')).rename),
  restart: entry(
    'Stop containers and start them again',
    async () => (await import('./commands/container/restart.ts')).restart,
  ),
  rm: entry('Remove containers', async () => (await import('./commands/container/rm.ts')).rm),
  run: entry('Create a container and run it', async () => (await import('./commands/container/run.ts')).run),
  start: entry('Start containers', async () => (await import('./commands/container/start.ts')).start),
  stats: entry('Show what containers use', async () => (await import('./commands/container/stats.ts')).stats),
  stop: entry('Stop containers', async () => (await import('./commands/container/stop.ts')).stop),
  top: entry("Show a container's processes", async () => (await import('./commands/container/top.ts')).top),
  unpause: entry('Let frozen containers run on', async () => (await import('./commands/container/unpause.ts')).unpause),
  update: entry("Change containers' limits", async () => (await import('./commands/container/update.ts')).update),
  wait: entry('Wait until containers end', async () => (await import('./commands/container/wait.ts')).wait),
};

const image = {
  build: entry('Build an image from a Dockerfile', async () => (await import('./commands/image/build.ts')).build),
  history: entry('Show how an image was made', async () => (await import('./commands/image/history.ts')).history),
  import: entry(
    'Make an image of a file system in a tar archive',
    async () => (await import('./commands/image/import.ts')).importFiles,
  ),
  inspect: entry('Show everything about images', async () => (await import('./commands/image/inspect.ts')).inspect),
  load: entry('Load images from an archive', async () => (await import('./commands/image/load.ts')).load),
  ls: entry('List images', async () => (await import('./commands/image/ls.ts')).ls),
  prune: entry('Remove images without a name', async () => (await import('./commands/image/prune.ts')).prune),
  pull: entry('Fetch an image from a registry', async () => (await import('./commands/image/pull.ts')).pull),
  push: entry('Send an image to a registry', async () => (await import('./commands/image/push.ts')).push),
  rm: entry('Remove images', async () => (await import('./commands/image/rm.ts')).rm),
  save: entry('Write images to an archive', async () => (await import('./commands/image/save.ts')).save),
  tag: entry('Give an image another name', async () => (await import('./commands/image/tag.ts')).tag),
};

const network = {
  connect: entry(
    'Connect a container to a network',
    async () => (await import('./commands/network/connect.ts')).connect,
  ),
  create: entry('Create a network', async () => (await import('./commands/network/create.ts')).create),
  disconnect: entry(
    'Disconnect a container from a network',
    async () => (await import('./commands/network/disconnect.ts')).disconnect,
  ),
  inspect: entry('Show everything about networks', async () => (await import('./commands/network/inspect.ts')).inspect),
  ls: entry('List networks', async () => (await import('./commands/network/ls.ts')).ls),
  prune: entry('Remove networks that nothing uses', async () => (await import('./commands/network/prune.ts')).prune),
  rm: entry('Remove networks', async () => (await import('./commands/network/rm.ts')).rm),
};

const volume = {
  create: entry('Create a volume', async () => (await import('./commands/volume/create.ts')).create),
  inspect: entry('Show everything about volumes', async () => (await import('./commands/volume/inspect.ts')).inspect),
  ls: entry('List volumes', async () => (await import('./commands/volume/ls.ts')).ls),
  prune: entry('Remove volumes that nothing uses', async () => (await import('./commands/volume/prune.ts')).prune),
  rm: entry('Remove volumes', async () => (await import('./commands/volume/rm.ts')).rm),
};

const system = {
  df: entry('Show what takes disk space', async () => (await import('./commands/system/df.ts')).df),
  dedupe: entry(
    'Keep content that several layers have once',
    async () => (await import('./commands/system/dedupe.ts')).dedupe,
  ),
  events: entry('Show what happens in the engine', async () => (await import('./commands/system/events.ts')).events),
  fsck: entry('Check what is stored, and mend it with --repair', async () => (await import('./commands/fsck.ts')).fsck),
  info: entry('Show facts about the engine and its host', async () => (await import('./commands/system/info.ts')).info),
  prune: entry('Remove everything that nothing uses', async () => (await import('./commands/system/prune.ts')).prune),
};

const builder = {
  prune: entry(
    'Remove what builds keep for the next one',
    async () => (await import('./commands/system/builder-prune.ts')).prune,
  ),
};

const engine = {
  run: entry('Run the engine in the foreground', async () => (await import('./commands/engine/run.ts')).run),
  status: entry(
    'Show whether the engine runs, and how',
    async () => (await import('./commands/engine/status.ts')).status,
  ),
  stop: entry('Stop the engine; containers run on', async () => (await import('./commands/engine/stop.ts')).stop),
};

const base = {
  build: entry(
    'Make stand-ins for official images of Debian packages',
    async () => (await import('./commands/base.ts')).build,
  ),
  ls: entry('List the stand-ins that can be made', async () => (await import('./commands/base.ts')).ls),
};

const runs = {
  ls: entry('List trainings', async () => (await import('./commands/runs/ls.ts')).ls),
  show: entry('Show all that is recorded of a training', async () => (await import('./commands/runs/show.ts')).show),
  diff: entry('Compare two trainings', async () => (await import('./commands/runs/diff.ts')).diff),
  rm: entry('Remove records of trainings', async () => (await import('./commands/runs/rm.ts')).rm),
  export: entry(
    'Write records as JSON lines or CSV',
    async () => (await import('./commands/runs/export.ts')).exportRuns,
  ),
  import: entry(
    "Take over the runs of MLflow's file store",
    async () => (await import('./commands/runs/import.ts')).importRuns,
  ),
};

/** Commands about a noun: `berth container ls`. */
export const GROUPS: Readonly<Record<string, Group>> = {
  runs: { summary: 'Trainings that were run, with parameters and metrics', commands: runs },
  container: { summary: 'Containers', commands: container },
  image: { summary: 'Images', commands: image },
  network: { summary: 'Networks', commands: network },
  volume: { summary: 'Volumes', commands: volume },
  system: { summary: 'The whole', commands: system },
  base: { summary: 'Base images without a registry', commands: base },
  builder: { summary: "Builds' cache", commands: builder },
  engine: { summary: 'The engine itself', commands: engine },
};

/** Commands by a word of their own, by the headings of the help. */
export const SHORT: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  'Machine learning': {
    serve: entry(
      'Build a folder of Python, run it and wait until it answers',
      async () => (await import('./commands/serve.ts')).serve,
    ),
    init: entry(
      'Write a Dockerfile and what belongs to it for a folder',
      async () => (await import('./commands/init.ts')).init,
    ),
    shell: entry(
      "Open a shell in a folder's image, with the folder mounted",
      async () => (await import('./commands/shell.ts')).shell,
    ),
    notebook: entry(
      "Start Jupyter in a folder's image, with the folder mounted",
      async () => (await import('./commands/notebook.ts')).notebook,
    ),
    train: entry("Run a folder's training in a container", async () => (await import('./commands/train.ts')).train),
    lint: entry(
      'Say what people come to regret in a folder, and mend it',
      async () => (await import('./commands/lint.ts')).lint,
    ),
    explain: entry(
      'Say why a container or a log failed, and what mends it',
      async () => (await import('./commands/explain.ts')).explain,
    ),
    plan: entry(
      'Say how a folder would be built and run, and why',
      async () => (await import('./commands/plan.ts')).plan,
    ),
    conform: entry(
      'Test an image against what a platform demands of it',
      async () => (await import('./commands/conform.ts')).conform,
    ),
  },
  'Containers and images': {
    run: container.run,
    ps: container.ls,
    build: image.build,
    images: image.ls,
    logs: container.logs,
    exec: container.exec,
    stop: container.stop,
    rm: container.rm,
    rmi: image.rm,
    pull: image.pull,
    push: image.push,
    load: image.load,
    save: image.save,
    inspect: entry(
      'Show everything about containers, images, volumes or networks',
      async () => (await import('./commands/inspect.ts')).inspect,
    ),
  },
  'More about containers': {
    attach: container.attach,
    commit: container.commit,
    cp: container.cp,
    create: container.create,
    diff: container.diff,
    export: container.export,
    kill: container.kill,
    pause: container.pause,
    port: container.port,
    rename: container.rename,
    restart: container.restart,
    start: container.start,
    stats: container.stats,
    top: container.top,
    unpause: container.unpause,
    update: container.update,
    wait: container.wait,
  },
  'More about images': {
    history: image.history,
    import: image.import,
    tag: image.tag,
    login: entry(
      'Keep the credentials of a registry',
      async () => (await import('./commands/registry/login.ts')).login,
    ),
    logout: entry(
      'Forget the credentials of a registry',
      async () => (await import('./commands/registry/logout.ts')).logout,
    ),
  },
  'The engine and this program': {
    events: system.events,
    fsck: system.fsck,
    info: system.info,
    version: entry(
      'Show the versions of program and engine',
      async () => (await import('./commands/version.ts')).version,
    ),
    uninstall: entry(
      'Take away everything Berth put on this host',
      async () => (await import('./commands/uninstall.ts')).uninstall,
    ),
    completion: entry(
      'Print completions for a shell',
      async () => (await import('./commands/completion.ts')).completion,
    ),
  },
};

/** Other words for the same commands. */
const ALIASES: Readonly<Record<string, readonly [group: keyof typeof GROUPS, name: string]>> = {
  'container list': ['container', 'ls'],
  'container ps': ['container', 'ls'],
  'container remove': ['container', 'rm'],
  'image list': ['image', 'ls'],
  'image remove': ['image', 'rm'],
  'network list': ['network', 'ls'],
  'network remove': ['network', 'rm'],
  'volume list': ['volume', 'ls'],
  'volume remove': ['volume', 'rm'],
  'builder build': ['image', 'build'],
};

/** What the words before the options name. */
export type Found =
  | { kind: 'command'; name: string; entry: Entry; rest: readonly string[] }
  | { kind: 'group'; name: string; group: Group; rest: readonly string[] }
  | { kind: 'unknown'; word: string; candidates: readonly string[] };

/** Looks a command up by the first one or two words. */
export function findCommand(words: readonly string[]): Found {
  const [first = '', second = ''] = words;
  const alias = ALIASES[`${first} ${second}`];
  const group = Object.hasOwn(GROUPS, first) ? GROUPS[first] : undefined;
  if (group !== undefined) {
    const [noun, verb] = alias ?? [first, second];
    const commands = GROUPS[noun]?.commands ?? {};
    const named = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
    if (named !== undefined) return { kind: 'command', name: `${noun} ${verb}`, entry: named, rest: words.slice(2) };
    if (second !== '' && !second.startsWith('-') && second !== 'help')
      return {
        kind: 'unknown',
        word: `${first} ${second}`,
        candidates: Object.keys(group.commands).map((name) => `${first} ${name}`),
      };
    return { kind: 'group', name: first, group, rest: words.slice(1) };
  }
  const named = shortCommands().find(([name]) => name === first)?.[1];
  if (named !== undefined) return { kind: 'command', name: first, entry: named, rest: words.slice(1) };
  return {
    kind: 'unknown',
    word: first,
    candidates: [...shortCommands().map(([name]) => name), ...Object.keys(GROUPS)],
  };
}

function shortCommands(): [string, Entry][] {
  return Object.values(SHORT).flatMap((commands) => Object.entries(commands));
}
