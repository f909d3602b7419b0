import { spawn } from 'node:child_process';
import { DEFAULT_SOCKET } from '#client/address.ts';
import { engineStatus } from '#client/system.ts';
import { openClient } from '#client/transport.ts';
import { UnavailableError } from '#lib/errors.ts';
import type { Output } from '../output/output.ts';
import { engineProgram } from './engine-program.ts';

const READY_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 20;
const LOG = '/var/lib/berth/engine.log';
const KEPT_CHARACTERS = 4096;

/**
 * Starts this host's own engine in the background and waits until it answers.
 * @throws {UnavailableError} with the last thing it said
 */
export async function startEngine(output: Output): Promise<void> {
  const [program, ...args] = engineProgram();
  const child = spawn(program, [...args, 'engine', 'run'], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-KEPT_CHARACTERS)));
  let ended = false;
  child.on('exit', () => (ended = true));
  child.on('error', (error) => {
    said += error.message;
    ended = true;
  });
  const deadline = Date.now() + READY_WITHIN_MS;
  let pid = await answeringPid();
  for (; pid === undefined; pid = await answeringPid()) {
    // Another program may have started one at the same moment: then ours ends, and theirs answers soon.
    const isOvertaken = said.includes('already running');
    if ((ended && !isOvertaken) || Date.now() > deadline) throw notStarted(said);
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
  if (pid === child.pid) output.note(`berth: started the engine (process ${child.pid}, log ${LOG})`);
  // Ours must not come up late, when the other one was stopped on purpose.
  else child.kill();
  child.stderr.destroy();
  child.unref();
}

/** Process of the engine that answers; undefined if none does. */
async function answeringPid(): Promise<unknown> {
  const client = openClient({ kind: 'unix', path: DEFAULT_SOCKET });
  try {
    return (await engineStatus(client))['pid'];
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}

/** The engine's own three lines say it best. */
function notStarted(said: string): UnavailableError {
  const [, why] = /^ {2}why: (.*)$/m.exec(said) ?? [];
  const [, fix] = /^ {2}fix: (.*)$/m.exec(said) ?? [];
  const [, what] = /^berthd: (.*)$/m.exec(said) ?? [];
  return new UnavailableError(`the engine did not start${what === undefined ? '' : `: ${what}`}`, {
    why: why ?? said.trim().split('\n').at(-1) ?? '',
    hint: fix ?? `see ${LOG}`,
  });
}
