import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testPlan } from '#ml/dockerfile/test-plan.ts';
import type { ProjectPlan } from '#ml/plan/plan.ts';
import type { Project } from './project.ts';
import { serviceBody } from './service-body.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'b-run-'));
  vi.stubEnv('XDG_RUNTIME_DIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

function project(plan: Partial<ProjectPlan>, token?: string): Project {
  return {
    name: 'demo',
    place: '/demo',
    mark: '01234567',
    plan: testPlan(plan),
    dockerfile: { isOwn: false },
    credentials: { notes: [], values: new Map(), hubToken: token === undefined ? undefined : Buffer.from(token) },
  } as unknown as Project;
}

const HUB_MODEL = {
  name: 'org/model',
  hub: 'huggingface' as const,
  revision: null,
  evidence: { file: 'app.py', line: 1 },
};

test('a port of this machine alone, and the labels it is known again by', async () => {
  const body = (await serviceBody(project({}), { image: 'berth/demo', inner: 8000 }))(9000);
  expect(body).toMatchObject({
    Image: 'berth/demo',
    Labels: { 'berth.directory': '/demo', 'berth.purpose': 'serve' },
    HostConfig: { PortBindings: { '8000/tcp': [{ HostIp: '127.0.0.1', HostPort: '9000' }] } },
  });
  expect(body).not.toHaveProperty('Entrypoint');
});

test('models that are fetched by name lie in one volume, shared memory is what the plan says', async () => {
  const body = (await serviceBody(project({ hubModels: [HUB_MODEL], shmBytes: 5e8 }), { image: 'x', inner: 1 }))(2);
  expect(body).toMatchObject({
    HostConfig: { Mounts: [{ Type: 'volume', Source: 'berth-hub', Target: '/var/cache/hub' }], ShmSize: 5e8 },
  });
});

test('a token is a file that only its folder hides, and stands in no record', async () => {
  const body = (await serviceBody(project({ hubModels: [HUB_MODEL] }, 'hf_secret'), { image: 'x', inner: 1 }))(2);
  expect(JSON.stringify(body)).not.toContain('hf_secret');
  expect(body).toMatchObject({ Env: ['HF_TOKEN_PATH=/run/secrets/hf-token'] });
  const place = join(folder, 'berth-secrets/01234567-hf-token');
  expect(await readFile(place, 'utf8')).toBe('hf_secret');
  expect((await stat(join(folder, 'berth-secrets'))).mode & 0o777).toBe(0o700);
});
