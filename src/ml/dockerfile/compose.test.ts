import { expect, test } from 'vitest';
import { generateCompose } from './compose.ts';
import { testPlan } from './test-plan.ts';

test('each service is built in its folder and published on this machine alone', () => {
  const api = testPlan({
    environment: [{ name: 'DATABASE_URL', required: true, evidence: { file: 'app.py', line: 1 } }],
    shmBytes: 1_073_741_824,
  });
  const page = testPlan({
    hubModels: [{ name: 'org/model', hub: 'huggingface', revision: null, evidence: { file: 'app.py', line: 1 } }],
  });
  const worker = testPlan({ port: null });
  const services = [
    { name: 'api', directory: 'api', plan: api },
    { name: 'my page', directory: 'my page', plan: page },
    { name: 'worker', directory: '', plan: worker },
  ];
  expect(generateCompose(testPlan({ services }))).toBe(`# Written by berth for demo, from what it read there. Start all of them with: docker compose up --build
services:
  api:
    build: ./api
    # On this machine only; the others reach it as api:8000.
    ports:
      - "127.0.0.1:8000:8000"
    # It does not start without these; the values are those of the shell that calls.
    environment:
      - DATABASE_URL
    # More shared memory than the usual 64 MB.
    shm_size: 1073741824
    restart: unless-stopped
  my-page:
    build: "./my page"
    # On this machine only; the others reach it as my-page:8000.
    ports:
      - "127.0.0.1:8001:8000"
    # Models that are fetched by name are fetched once.
    volumes:
      - hub:/var/cache/hub
    restart: unless-stopped
  worker:
    build: .
    restart: unless-stopped
volumes:
  hub:
`); // prettier-ignore
});
