import { expect, test } from 'vitest';
import { ConflictError, InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import type { PortRequest } from './networks.ts';
import { openPorts } from './ports.ts';

const port = (hostAddress: string, hostPort = 0, more = {}): PortRequest => ({
  protocol: 'tcp',
  containerPort: 80,
  hostAddress,
  hostPort,
  ...more,
});
const web = { id: 'a', name: 'web' };

test('what is no address or port does not reach the rules', () => {
  const ports = openPorts();
  for (const bad of [
    port('127.0.0.1 }; flush ruleset'),
    port('localhost'),
    port('127.0.0.1', 70_000),
    port('', 0, { containerPort: 1.5 }),
  ])
    expect(() => ports.hold(web, [bad])).toThrow(InvalidArgumentError);
  expect(() => ports.hold(web, [port('::1')])).toThrow(NotImplementedError);
  expect(() => ports.hold(web, [port('', 0, { protocol: 'sctp' })])).toThrow(NotImplementedError);
});

test('a container that cannot have all its ports has none', () => {
  const ports = openPorts();
  const [held] = ports.hold(web, [port('127.0.0.1')]);
  const [free] = ports.hold({ id: 'x', name: 'x' }, [port('127.0.0.1')]);
  ports.release('x');
  const wanted = [port('127.0.0.1', free?.hostPort), port('127.0.0.1', held?.hostPort)];
  expect(() => ports.hold({ id: 'b', name: 'late' }, wanted)).toThrow(ConflictError);
  const [again] = ports.hold({ id: 'c', name: 'third' }, [port('127.0.0.1', free?.hostPort)]);
  expect(again?.hostPort).toBe(free?.hostPort);
  for (const id of ['a', 'c']) ports.release(id);
});

test('a port that is asked for twice is held once, any free one as often as asked for', () => {
  const ports = openPorts();
  const [first] = ports.hold(web, [port('127.0.0.1')]);
  ports.release('a');
  const same = port('127.0.0.1', first?.hostPort);
  expect(ports.hold(web, [same, same])).toHaveLength(1);
  expect(ports.hold(web, [port('127.0.0.1'), port('127.0.0.1')])).toHaveLength(2);
  ports.release('a');
});
