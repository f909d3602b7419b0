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
  ['GET', '/containers/:name/attach/ws', 'attaching over a web socket'],
  ['GET', '/containers/:name/checkpoints', 'checkpoints'],
  ['POST', '/containers/:name/checkpoints', 'checkpoints'],
  ['DELETE', '/containers/:name/checkpoints/:checkpoint', 'checkpoints'],
  ['GET', '/images/:name*/attestations', 'attestations'],
  ['GET', '/images/search', 'searching registries'],
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
