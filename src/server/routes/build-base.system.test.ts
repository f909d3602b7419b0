import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasRegistry, startTestRegistry, type TestRegistry } from '#registry/client/test-registry.ts';
import { type BuildRig, openBuildRig } from '../../../test/support/build-rig.ts';

/** user:password, as `htpasswd -B` writes it. */
const BCRYPT_LINE = 'user:$2a$05$rSDJauYSbl87z4V.J0KaCeB0k3pIso9J7fOaFQF8cLKOJQNPC1t.y';

describe.skipIf(!hasRegistry)('base images of a registry (need the package docker-registry)', () => {
  let rig: BuildRig;
  let registry: TestRegistry;
  let name: string;

  beforeAll(async () => {
    rig = await openBuildRig();
    registry = await startTestRegistry({ htpasswd: BCRYPT_LINE });
    name = `${registry.host}/u/base:1`;
    const login = ['docker', 'login', '-u', 'user', '--password-stdin', registry.host];
    expect(await rig.engine.command(login, { input: 'password' })).toMatchObject({ code: 0 });
    await rig.engine.docker('tag', 'busybox', name);
    expect(await rig.engine.docker('push', name)).toMatchObject({ code: 0 });
    await rig.engine.docker('rmi', name);
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  test('FROM pulls what is not here, with the credentials of the client, and COPY --from too', async () => {
    const built = await rig.build({
      Dockerfile: `FROM ${name}\nCOPY --from=${name} /etc/group /copied\nCMD wc -l < /copied\n`,
    });
    expect(built).toMatchObject({ code: 0 });
    expect(built.stdout).toContain('Pulling from u/base');
    expect(await rig.engine.docker('image', 'inspect', name)).toMatchObject({ code: 0 });
  });

  test('--pull asks the registry again', async () => {
    const again = await rig.build({ Dockerfile: `FROM ${name}\nRUN true\n` }, '--pull');
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain(`Status: Image is up to date for ${name}`);
  });

  test('without credentials it is said what is missing', async () => {
    await rig.engine.docker('logout', registry.host);
    await rig.engine.docker('rmi', '-f', name);
    const refused = await rig.build({ Dockerfile: `FROM ${name}\n` });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/denied|unauthorized|authentication/i);
  });
});
