import { expect, test } from 'vitest';
import { nowNano } from '#api/timestamps.ts';
import { type EngineEvent, type Events, openEvents } from './events.ts';

function publish(events: Events, ...ids: string[]): void {
  for (const id of ids) events.publish({ type: 'container', action: 'start', id, attributes: {} });
}

async function idsOf(source: AsyncIterable<EngineEvent>): Promise<string[]> {
  return (await Array.fromAsync(source)).map(({ id }) => id);
}

test('past events come first, then those to come, until the end', async () => {
  const events = openEvents();
  const sinceNano = nowNano() - 1n;
  publish(events, 'a', 'b');
  const source = events.subscribe({ sinceNano, untilNano: nowNano() + 50_000_000n });
  publish(events, 'c');
  expect(await idsOf(source)).toEqual(['a', 'b', 'c']);
  expect(events.listeners()).toBe(0);
});

test('without a beginning only what is to come is told', async () => {
  const events = openEvents();
  publish(events, 'old');
  const controller = new AbortController();
  const source = events.subscribe({ signal: controller.signal });
  publish(events, 'new');
  controller.abort();
  expect(await idsOf(source)).toEqual(['new']);
});

test('an end in the past gives what was there and no more', async () => {
  const events = openEvents();
  publish(events, 'a');
  const untilNano = nowNano();
  publish(events, 'late');
  expect(await idsOf(events.subscribe({ sinceNano: 0n, untilNano }))).toEqual(['a']);
});

test('memory is bounded: old events go, and a reader that does not read is cut', async () => {
  const events = openEvents();
  const slow = events.subscribe({});
  for (let index = 0; index < 10_000; index++) publish(events, String(index));
  await expect(idsOf(slow)).rejects.toThrow('faster than they are read');
  expect(events.listeners()).toBe(0);
  const ids = await idsOf(events.subscribe({ sinceNano: 0n, untilNano: nowNano() }));
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([1024, '8976', '9999']);
});

test('who stops reading is no listener any more', async () => {
  const events = openEvents();
  const source = events.subscribe({});
  publish(events, 'a', 'b');
  for await (const { id } of source) if (id === 'a') break;
  expect(events.listeners()).toBe(0);
});
