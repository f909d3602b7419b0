import { expect, test } from 'vitest';
import { parseFilters } from '#api/filters.ts';
import type { EngineEvent } from '#engine/events/events.ts';
import { isWanted } from './system.ts';

const start: EngineEvent = {
  type: 'container',
  action: 'start',
  id: 'abcdef',
  attributes: { name: 'web', image: 'python:3.11', 'com.example.team': 'ml' },
  timeNano: 0n,
};

function wanted(event: EngineEvent, filters: object): boolean {
  const keys = ['container', 'event', 'image', 'label', 'network', 'scope', 'type', 'volume'];
  return isWanted(event, parseFilters(JSON.stringify(filters), keys));
}

test('events are chosen by type, verb, name, id, image and label', () => {
  expect(wanted(start, {})).toBe(true);
  expect(wanted(start, { type: ['container'], event: ['start', 'die'], scope: ['local'] })).toBe(true);
  expect(wanted(start, { type: ['image'] })).toBe(false);
  expect(wanted(start, { event: ['die'] })).toBe(false);
  expect(wanted(start, { container: ['web'] })).toBe(true);
  expect(wanted(start, { container: ['abc'] })).toBe(true);
  expect(wanted(start, { container: ['db'] })).toBe(false);
  expect(wanted(start, { image: ['python'] })).toBe(true);
  expect(wanted(start, { image: ['python:3.12'] })).toBe(false);
  expect(wanted(start, { label: ['com.example.team=ml'] })).toBe(true);
  expect(wanted(start, { label: ['com.example.team=web'] })).toBe(false);
});

test('a verb with a tail is found by the verb', () => {
  const exec = { ...start, action: 'exec_create: ls -l' };
  expect(wanted(exec, { event: ['exec_create'] })).toBe(true);
  expect(wanted(exec, { event: ['exec'] })).toBe(false);
});

test('events of a network are found by the container they are about', () => {
  const connect: EngineEvent = {
    type: 'network',
    action: 'connect',
    id: 'n1',
    attributes: { name: 'bridge', container: 'abcdef' },
    timeNano: 0n,
  };
  expect(wanted(connect, { container: ['abcdef'] })).toBe(true);
  expect(wanted(connect, { network: ['bridge'] })).toBe(true);
  expect(wanted(connect, { network: ['other'] })).toBe(false);
  expect(wanted(start, { network: ['bridge'] })).toBe(false);
});
