import { openEngine } from '#engine/engine.ts';
import { createLog } from '#lib/log.ts';
import { parseAddress } from '#server/listen.ts';
import { allRoutes } from '#server/routes.ts';
import { createApiServer } from '#server/serve.ts';

const [, , , , dataRoot = '/var/lib/berth', execRoot = '/run/berth', socket = '/run/berth/berth.sock'] = process.argv;
const log = createLog((line) => process.stderr.write(line));
const engine = await openEngine({
  dataRoot,
  execRoot,
  log,
  debug: () => false,
  network: { bridgeAddress: undefined, addressPools: [], dns: [], mtu: undefined },
  labels: [],
  insecureRegistries: [],
  mirrors: [],
});
const server = createApiServer({ routes: allRoutes(engine), tls: undefined, groupId: undefined, log });
await server.listen(parseAddress(`unix://${socket}`));
process.on('SIGTERM', () => {
  void server.close().then(() => engine.close());
});
