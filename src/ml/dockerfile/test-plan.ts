import type { ProjectPlan } from '../plan/plan.ts';

/** A plan for tests: a Flask service with a requirements file. */
export function testPlan(more: Partial<ProjectPlan> = {}): ProjectPlan {
  return {
    schemaVersion: 1,
    directory: 'demo',
    python: { version: '3.11', why: 'most wheels are there for it' },
    manifest: { path: 'requirements.txt', kind: 'requirements' },
    lock: null,
    manager: 'pip',
    frameworks: [],
    accelerator: 'cpu',
    indexes: [],
    constraints: [],
    base: 'python:3.11-slim',
    apt: [],
    install: testInstall(),
    start: {
      kind: 'flask',
      module: 'app.py',
      command: ['gunicorn', '--bind', '0.0.0.0:8000', 'app:app'],
      environment: {},
      directory: '',
    },
    port: 8000,
    health: '/health',
    shmBytes: null,
    models: [],
    hubModels: [],
    training: null,
    missing: [],
    requests: [],
    environment: [],
    secrets: [],
    size: null,
    services: [],
    findings: [],
    unknown: [],
    decisions: [{ subject: 'packages', choice: '-r requirements.txt', why: 'requirements.txt lists 3 packages' }],
    ...more,
  };
}

export function testInstall(more: Partial<ProjectPlan['install']> = {}): ProjectPlan['install'] {
  return {
    files: ['requirements.txt'],
    arguments: ['-r', 'requirements.txt'],
    needsProject: false,
    pins: [],
    before: null,
    ...more,
  };
}
