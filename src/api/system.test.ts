import { expect, test } from 'vitest';
import { eventToWire } from './system.ts';

const event = {
  type: 'container',
  action: 'start',
  id: 'abc',
  attributes: { image: 'x:latest', name: 'web' },
  timeNano: 1_700_000_000_123_456_789n,
};

test('an event has its former flat fields up to 1.51, and its time to the nanosecond', () => {
  const line = eventToWire(event, 151);
  expect(line).toContain('"timeNano":1700000000123456789}');
  expect(JSON.parse(line)).toMatchObject({
    status: 'start',
    id: 'abc',
    from: 'x:latest',
    time: 1_700_000_000,
    scope: 'local',
  });
  expect(JSON.parse(eventToWire(event, 152))).not.toHaveProperty('status');
  expect(JSON.parse(eventToWire({ ...event, type: 'network' }, 141))).not.toHaveProperty('status');
});
