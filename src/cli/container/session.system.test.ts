import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InternalError } from '#lib/errors.ts';
import { importBusybox } from '../../../test/support/base-image.ts';
import { startEngine, type TestEngine } from '../../../test/support/engine.ts';

// The command line in a real terminal, which script(1) lends it.

const DETACH = '\u0010\u0011';
let engine: TestEngine;

beforeAll(async () => {
  engine = await startEngine();
  await importBusybox(engine);
});

afterAll(async () => engine?.[Symbol.asyncDispose]());

interface Typed {
  code: number;
  screen: string;
}

/** Types each text when the screen shows what is waited for. */
async function inTerminal(words: string, steps: readonly (readonly [waitFor: RegExp, type: string])[]): Promise<Typed> {
  const command = `stty rows 40 columns 120; exec ${process.execPath} src/cli/main.ts -H unix://${engine.socket} ${words}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  const closed = once(child, 'close') as Promise<[number]>;
  let seen = 0;
  for (const [waitFor, type] of steps) {
    for (let found = waitFor.exec(screen.slice(seen)); ; found = waitFor.exec(screen.slice(seen))) {
      if (found !== null) {
        seen += found.index + found[0].length;
        break;
      }
      if (child.exitCode !== null) throw new InternalError(`ended before ${waitFor}: ${screen}`);
      await sleep(20);
    }
    child.stdin.write(type);
  }
  const [code] = await closed;
  return { code, screen };
}

test('a shell in a terminal has its size and gives its exit code', async () => {
  const { code, screen } = await inTerminal('run --rm -it busybox sh', [
    [/# /, 'stty size\n'],
    [/40 120/, 'exit 5\n'],
  ]);
  expect(code, screen).toBe(5);
}, 60_000);

test('who types the detach keys leaves the container running, and can come back', async () => {
  const first = await inTerminal('run -it --name kept busybox cat', [
    [/^/, 'first\n'],
    [/first\r\nfirst/, DETACH],
  ]);
  expect(first.code).toBe(0);
  const { stdout } = await engine.berth('inspect', '--format', '{{.State.Running}}', 'kept');
  expect(stdout).toBe('true\n');
  const second = await inTerminal('attach kept', [
    [/^/, 'again\n'],
    [/again\r\nagain/, '\u0004'],
  ]);
  expect(second.code).toBe(0);
}, 60_000);

test('Ctrl-C in a terminal reaches the process in the container', async () => {
  const script = '\'trap "echo caught; exit 9" INT; echo ready; while true; do sleep 0.1; done\'';
  const { code, screen } = await inTerminal(`run --rm -it busybox sh -c ${script}`, [[/ready/, '\u0003']]);
  expect(screen).toContain('caught');
  expect(code).toBe(9);
}, 60_000);

test('a command in a running container has a terminal, too', async () => {
  await engine.berth('run', '-d', '--name', 'host', 'busybox', 'sleep', '1000');
  const { code, screen } = await inTerminal('exec -it host sh', [
    [/# /, 'tty\n'],
    [/\/dev\/pts\/\d/, 'exit 6\n'],
  ]);
  expect(code, screen).toBe(6);
}, 60_000);

test('without a terminal signals are handed on', async () => {
  const script = 'trap "echo caught; exit 9" TERM; echo ready; while true; do sleep 0.1; done';
  const child = spawn(
    process.execPath,
    ['src/cli/main.ts', '-H', `unix://${engine.socket}`, 'run', '--rm', 'busybox', 'sh', '-c', script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const closed = once(child, 'close') as Promise<[number]>;
  while (!output.includes('ready')) await sleep(20);
  child.kill('SIGTERM');
  expect(await closed).toEqual([9, null]);
  expect(output).toBe('ready\ncaught\n');
}, 60_000);
