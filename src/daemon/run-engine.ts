import { createLog, type Log } from '#lib/log.ts';
import { VERSION } from '#lib/version.ts';
import { type Engine, openEngine } from '#engine/engine.ts';
import { lockFolder } from '#engine/identity.ts';
import { openBuildkit } from '#server/buildkit/open-buildkit.ts';
import { assertFree } from '#server/listen.ts';
import { allRoutes } from '#server/routes.ts';
import { createApiServer } from '#server/serve.ts';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkHost } from './check-host.ts';
import { socketGroupId } from './group-id.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { writePidFile } from './pid-file.ts';
import { readSettings, type Settings } from './settings.ts';

/**
 * `berth engine run`: serves until SIGTERM or SIGINT. Containers run on when it ends.
 * @throws {BerthError} if it cannot start
 */
export async function runEngine(args: readonly string[]): Promise<void> {
  let settings = await readSettings(args);
  await checkHost();
  const groupId = await socketGroupId(settings.group);
  await using resources = new AsyncDisposableStack();
  await mkdir(settings.dataRoot, { recursive: true, mode: 0o711 });
  const logFile = openLogFile(join(settings.dataRoot, 'engine.log'));
  resources.defer(() => logFile.close());
  const log = createReloadableLog(logFile, () => settings);
  logDefects(log);
  resources.use(await lockFolder(settings.dataRoot, 'data root'));
  resources.use(await lockFolder(settings.execRoot, 'exec root'));
  for (const host of settings.hosts) await assertFree(host);
  resources.use(await writePidFile(settings.pidFile));
  const engine = resources.use(
    await openEngine({
      dataRoot: settings.dataRoot,
      execRoot: settings.execRoot,
      network: settings,
      hostCa: settings.hostCa,
      layerMounts: settings.layerMounts,
      buildGc: settings.buildGc,
      live: () => ({ ...settings, debug: settings.logLevel === 'debug' }),
      log,
    }),
  );
  const buildkit = openBuildkit(engine, { log });
  resources.defer(async () => buildkit.close());
  const server = createApiServer({
    routes: allRoutes({ ...engine, buildkit }),
    serveHttp2: (socket) => buildkit.serve(socket),
    tls: settings.tls,
    groupId,
    log,
  });
  resources.defer(async () => server.close());
  for (const host of settings.hosts) await server.listen(host);
  log.info('engine started', { version: VERSION, id: engine.id, pid: process.pid, dataRoot: settings.dataRoot });

  onReload(async () => {
    settings = await reload({ args, settings, engine, log });
  }, log);
  const signal = await stopSignal();
  log.info('engine stopping', { signal });
}

/** Follows the level of the settings that count now. */
function createReloadableLog(file: LogFile, settings: () => Settings): Log {
  process.stderr.on('error', () => {}); // whoever read it may be gone
  const write = (line: string): void => {
    process.stderr.write(line);
    file.write(line);
  };
  const current = (): Log => createLog(write, settings().logLevel);
  return {
    debug: (message, fields) => current().debug(message, fields),
    info: (message, fields) => current().info(message, fields),
    warn: (message, fields) => current().warn(message, fields),
    error: (message, fields) => current().error(message, fields),
  };
}

/** A defect in one request must not end the service of all others; it is written down with its place. */
function logDefects(log: Log): void {
  const report = (error: unknown): void =>
    log.error('defect', { error: String(error), stack: error instanceof Error ? error.stack : undefined });
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}

interface Reload {
  args: readonly string[];
  settings: Settings;
  engine: Engine;
  log: Log;
}

/** Takes over what can change while the engine runs: log level, registries, labels. */
async function reload({ args, settings, engine, log }: Reload): Promise<Settings> {
  const { logLevel, mirrors, insecureRegistries, labels } = await readSettings(args);
  const attributes = {
    name: engine.facts.hostname,
    debug: String(logLevel === 'debug'),
    'registry-mirrors': JSON.stringify(mirrors),
    'insecure-registries': JSON.stringify(insecureRegistries),
    labels: JSON.stringify(labels),
  };
  engine.events.publish({ type: 'daemon', action: 'reload', id: engine.id, attributes });
  log.info('configuration reloaded', { file: settings.configFile });
  return { ...settings, logLevel, mirrors, insecureRegistries, labels };
}

function onReload(work: () => Promise<void>, log: Log): void {
  process.on('SIGHUP', () => {
    work().catch((error: Error) => log.error('configuration not reloaded', { error: error.message }));
  });
}

/** The first signal stops cleanly, the second at once. */
async function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (signal: NodeJS.Signals): void => {
      if (stopping) process.exit(1);
      stopping = true;
      resolve(signal);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
