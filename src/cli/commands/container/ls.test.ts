import { expect, test } from 'vitest';
import { formatPorts } from './ls.ts';

const port = (PrivatePort: number, PublicPort?: number, IP?: string, Type = 'tcp') => ({
  PrivatePort,
  Type,
  ...(PublicPort !== undefined && { PublicPort }),
  ...(IP !== undefined && { IP }),
});

test('ports are written as Docker writes them', () => {
  expect(formatPorts([port(80, 8080, '0.0.0.0'), port(80, 8080, '::')])).toBe(
    '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp',
  );
  expect(formatPorts([port(53, undefined, undefined, 'udp'), port(80)])).toBe('80/tcp, 53/udp');
  expect(formatPorts([])).toBe('');
});

test('ports that follow each other are a range', () => {
  expect(formatPorts([port(5002), port(5000), port(5001)])).toBe('5000-5002/tcp');
  expect(formatPorts([port(80, 80, '0.0.0.0'), port(81, 81, '0.0.0.0')])).toBe('0.0.0.0:80-81->80-81/tcp');
  expect(formatPorts([port(80, 9000, '0.0.0.0'), port(81, 9001, '0.0.0.0')])).toBe(
    '0.0.0.0:9000->80/tcp, 0.0.0.0:9001->81/tcp',
  );
});
