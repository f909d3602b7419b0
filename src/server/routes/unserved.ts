import { NotFoundError, NotImplementedError, UnavailableError } from '#lib/errors.ts';
import type { Call, Handler, Route } from '../route.ts';

const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

const SWARM: readonly (readonly [Route[0], string])[] = [
  ['GET', '/swarm'],
  ['POST', '/swarm/leave'],
  ['POST', '/swarm/update'],
  ['GET', '/swarm/unlockkey'],
  ['POST', '/swarm/unlock'],
  ...(['nodes', 'services', 'tasks', 'secrets', 'configs'] as const).flatMap(
    (noun): (readonly [Route[0], string])[] => [
      ['GET', `/${noun}`],
      ['GET', `/${noun}/:id`],
      ['POST', `/${noun}/create`],
      ['POST', `/${noun}/:id/update`],
      ['DELETE', `/${noun}/:id`],
      ['GET', `/${noun}/:id/logs`],
    ],
  ),
];

/** Endpoints of the API that this engine does not have; a noun that serves one of them comes first in the table. */
const UNSERVED: readonly (readonly [Route[0], string, string])[] = [
  ['POST', '/swarm/init', 'swarm mode'],
  ['POST', '/swarm/join', 'swarm mode'],
  ['GET', '/plugins/privileges', 'plugins'],
  ['POST', '/plugins/pull', 'plugins'],
  ['POST', '/plugins/create', 'plugins'],
  ['POST', '/plugins/:name*/enable', 'plugins'],
  ['POST', '/plugins/:name*/disable', 'plugins'],
  ['POST', '/plugins/:name*/upgrade', 'plugins'],
  ['POST', '/plugins/:name*/push', 'plugins'],
  ['POST', '/plugins/:name*/set', 'plugins'],
  ['GET', '/containers/json', 'listing containers'],
  ['POST', '/containers/create', 'creating containers'],
  ['GET', '/containers/:name/json', 'inspecting containers'],
  ['GET', '/containers/:name/top', 'listing processes'],
  ['GET', '/containers/:name/logs', 'logs'],
  ['GET', '/containers/:name/changes', 'listing changes'],
  ['GET', '/containers/:name/export', 'exporting containers'],
  ['GET', '/containers/:name/stats', 'statistics'],
  ['POST', '/containers/:name/resize', 'resizing terminals'],
  ['POST', '/containers/:name/start', 'starting containers'],
  ['POST', '/containers/:name/stop', 'stopping containers'],
  ['POST', '/containers/:name/restart', 'restarting containers'],
  ['POST', '/containers/:name/kill', 'killing containers'],
  ['POST', '/containers/:name/update', 'updating containers'],
  ['POST', '/containers/:name/rename', 'renaming containers'],
  ['POST', '/containers/:name/pause', 'pausing containers'],
  ['POST', '/containers/:name/unpause', 'unpausing containers'],
  ['POST', '/containers/:name/attach', 'attaching'],
  ['GET', '/containers/:name/attach/ws', 'attaching over a web socket'],
  ['POST', '/containers/:name/wait', 'waiting for containers'],
  ['DELETE', '/containers/:name', 'removing containers'],
  ['HEAD', '/containers/:name/archive', 'copying files'],
  ['GET', '/containers/:name/archive', 'copying files'],
  ['PUT', '/containers/:name/archive', 'copying files'],
  ['POST', '/containers/prune', 'pruning containers'],
  ['POST', '/containers/:name/checkpoints', 'checkpoints'],
  ['GET', '/containers/:name/checkpoints', 'checkpoints'],
  ['DELETE', '/containers/:name/checkpoints/:checkpoint', 'checkpoints'],
  ['POST', '/containers/:name/exec', 'exec'],
  ['POST', '/exec/:id/start', 'exec'],
  ['POST', '/exec/:id/resize', 'exec'],
  ['GET', '/exec/:id/json', 'exec'],
  ['GET', '/images/json', 'listing images'],
  ['POST', '/build', 'building'],
  ['POST', '/build/prune', 'pruning the build cache'],
  ['POST', '/build/cancel', 'cancelling a build'],
  ['POST', '/session', 'BuildKit sessions'],
  ['POST', '/grpc', 'BuildKit'],
  ['POST', '/images/create', 'pulling and importing'],
  ['GET', '/images/:name*/json', 'inspecting images'],
  ['GET', '/images/:name*/history', 'the history of images'],
  ['GET', '/images/:name*/attestations', 'attestations'],
  ['POST', '/images/:name*/push', 'pushing'],
  ['POST', '/images/:name*/tag', 'tagging'],
  ['DELETE', '/images/:name*', 'removing images'],
  ['GET', '/images/search', 'searching registries'],
  ['POST', '/images/prune', 'pruning images'],
  ['POST', '/auth', 'logging in to registries'],
  ['POST', '/commit', 'committing containers'],
  ['GET', '/system/df', 'disk usage'],
  ['GET', '/images/:name*/get', 'saving images'],
  ['GET', '/images/get', 'saving images'],
  ['POST', '/images/load', 'loading images'],
  ['GET', '/volumes', 'listing volumes'],
  ['POST', '/volumes/create', 'creating volumes'],
  ['GET', '/volumes/:name', 'inspecting volumes'],
  ['PUT', '/volumes/:name', 'cluster volumes'],
  ['DELETE', '/volumes/:name', 'removing volumes'],
  ['POST', '/volumes/prune', 'pruning volumes'],
  ['GET', '/networks', 'listing networks'],
  ['GET', '/networks/:name', 'inspecting networks'],
  ['DELETE', '/networks/:name', 'removing networks'],
  ['POST', '/networks/create', 'creating networks'],
  ['POST', '/networks/:name/connect', 'connecting containers to networks'],
  ['POST', '/networks/:name/disconnect', 'disconnecting containers from networks'],
  ['POST', '/networks/prune', 'pruning networks'],
  ['GET', '/distribution/:name*/json', 'looking into registries'],
];

/** Honest answers for what is not there: 501, for swarm 503 with Docker's text, and an empty list of plugins. */
export function unservedRoutes(): readonly Route[] {
  return [
    ['GET', '/plugins', async (call) => call.send(200, [])],
    // `docker inspect NAME` asks for every kind of object and goes on when one is not found.
    ['GET', '/plugins/:name*/json', refusePlugin],
    ['DELETE', '/plugins/:name*', refusePlugin],
    ...SWARM.map(([method, path]): Route => [method, path, refuseSwarm]),
    ...UNSERVED.map(([method, path, what]): Route => [method, path, refuse(what)]),
  ];
}

async function refusePlugin({ params }: Call): Promise<void> {
  throw new NotFoundError(`plugin "${params['name'] ?? ''}" not found`);
}

async function refuseSwarm(): Promise<void> {
  throw new UnavailableError(NOT_A_MANAGER);
}

function refuse(what: string): Handler {
  return async () => {
    throw new NotImplementedError(`${what}: not implemented by this engine`);
  };
}
