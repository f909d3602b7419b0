import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planProject } from '#ml/plan/plan-project.ts';
import { openTree } from './open-tree.ts';

test('a hundred thousand files beside an app: the plan comes in seconds, and says what it did not look at', async () => {
  await using folder = await mkdtempDisposable('/var/tmp/berth-many-');
  writeFileSync(join(folder.path, 'app.py'), 'from flask import Flask\napp = Flask(__name__)\n');
  writeFileSync(join(folder.path, 'requirements.txt'), 'flask\n');
  for (let index = 0; index < 100; index++) {
    const part = join(folder.path, 'data', `part-${index}`);
    mkdirSync(part, { recursive: true });
    writeFileSync(join(part, '0.json'), '');
    for (let file = 1; file < 1000; file++) linkSync(join(part, '0.json'), join(part, `${file}.json`));
  }
  const start = performance.now();
  const plan = await planProject(await openTree(folder.path), { directory: 'many' });
  expect(performance.now() - start).toBeLessThan(3000);
  expect(plan.start?.module).toBe('app.py');
});
