import { expect, test } from 'vitest';
import { createRouter } from '../router.ts';
import { allRoutes, type Backend } from '../routes.ts';
import { unservedRoutes } from './unserved.ts';

// Methods and paths of the Engine API 1.51 (moby v28.5.2, api/swagger.yaml), parameters filled in.
const ENDPOINTS =
  'GET /containers/json, POST /containers/create, GET /containers/x/json, GET /containers/x/top, GET /containers/x/logs, ' +
  'GET /containers/x/changes, GET /containers/x/export, GET /containers/x/stats, POST /containers/x/resize, ' +
  'POST /containers/x/start, POST /containers/x/stop, POST /containers/x/restart, POST /containers/x/kill, ' +
  'POST /containers/x/update, POST /containers/x/rename, POST /containers/x/pause, POST /containers/x/unpause, ' +
  'POST /containers/x/attach, GET /containers/x/attach/ws, POST /containers/x/wait, DELETE /containers/x, ' +
  'HEAD /containers/x/archive, GET /containers/x/archive, PUT /containers/x/archive, POST /containers/prune, GET /images/json, ' +
  'POST /build, POST /build/prune, POST /images/create, GET /images/x/json, GET /images/x/history, POST /images/x/push, ' +
  'POST /images/x/tag, DELETE /images/x, GET /images/search, POST /images/prune, POST /auth, GET /info, GET /version, ' +
  'GET /_ping, HEAD /_ping, POST /commit, GET /events, GET /system/df, GET /images/x/get, GET /images/get, POST /images/load, ' +
  'POST /containers/x/exec, POST /exec/x/start, POST /exec/x/resize, GET /exec/x/json, GET /volumes, POST /volumes/create, ' +
  'GET /volumes/x, PUT /volumes/x, DELETE /volumes/x, POST /volumes/prune, GET /networks, GET /networks/x, DELETE /networks/x, ' +
  'POST /networks/create, POST /networks/x/connect, POST /networks/x/disconnect, POST /networks/prune, GET /plugins, ' +
  'GET /plugins/privileges, POST /plugins/pull, GET /plugins/x/json, DELETE /plugins/x, POST /plugins/x/enable, ' +
  'POST /plugins/x/disable, POST /plugins/x/upgrade, POST /plugins/create, POST /plugins/x/push, POST /plugins/x/set, ' +
  'GET /nodes, GET /nodes/x, DELETE /nodes/x, POST /nodes/x/update, GET /swarm, POST /swarm/init, POST /swarm/join, ' +
  'POST /swarm/leave, POST /swarm/update, GET /swarm/unlockkey, POST /swarm/unlock, GET /services, POST /services/create, ' +
  'GET /services/x, DELETE /services/x, POST /services/x/update, GET /services/x/logs, GET /tasks, GET /tasks/x, ' +
  'GET /tasks/x/logs, GET /secrets, POST /secrets/create, GET /secrets/x, DELETE /secrets/x, POST /secrets/x/update, ' +
  'GET /configs, POST /configs/create, GET /configs/x, DELETE /configs/x, POST /configs/x/update, GET /distribution/x/json, ' +
  'POST /session, POST /grpc, POST /build/cancel';

test('every endpoint of the API has an answer, be it that it is not there', () => {
  // The table is made of handlers alone; none runs here.
  const router = createRouter(allRoutes({} as Backend));
  const missing = ENDPOINTS.split(', ').filter((endpoint) => {
    const [method = '', path = ''] = endpoint.split(' ');
    return router.match(method, path) === undefined;
  });
  expect(missing).toEqual([]);
});

test('what is said not to be there is not', () => {
  const unserved = unservedRoutes();
  const router = createRouter(allRoutes({} as Backend).slice(0, -unserved.length));
  const served = unserved.filter(([method, path]) => router.match(method, path.replace(/:\w+\*?/g, 'x')) !== undefined);
  expect(served.map(([method, path]) => `${method} ${path}`)).toEqual([]);
});
