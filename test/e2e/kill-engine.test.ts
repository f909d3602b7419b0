import { expect, test } from 'vitest';
import { killEngine } from '../../soak/kill-engine.ts';

// A seeded sample; `npm run soak kill-engine` does two hundred rounds.
test('an engine killed in the middle of work loses nothing and leaves nothing half-done', async () => {
  const report = await killEngine({ seed: 20261121, rounds: 6 });
  expect(report.problems).toEqual([]);
}, 300_000);
