import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, open, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { parseMountFlag } from '#dockerfile/mount-flag.ts';
import { InternalError } from '#lib/errors.ts';
import { NO_SSH, type SshSource } from '../../sources/client-sources.ts';
import { openSsh, planSsh, type SshMount } from './ssh-mount.ts';

const own = `uid=${process.getuid?.() ?? 0},gid=${process.getgid?.() ?? 0}`;

function plan(options = own): SshMount {
  return planSsh(parseMountFlag(`type=ssh${options === '' ? '' : `,${options}`}`), 1, (path) => path);
}

/** An agent that says everything back. */
function echoing(): SshSource & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    check: async () => {},
    async connect(id): Promise<Duplex> {
      asked.push(id);
      return new PassThrough();
    },
  };
}

const { signal } = new AbortController();

test.each([
  ['', { id: 'default', destination: '/run/buildkit/ssh_agent.1', mode: 0o600, uid: 0, gid: 0, isRequired: false }],
  ['id=k,target=/s,mode=0666,uid=1,required', { id: 'k', destination: '/s', mode: 0o666, uid: 1, isRequired: true }],
])('type=ssh,%s', (options, expected) => {
  expect(plan(options)).toMatchObject(expected);
});

test('a source is refused: an agent is no file', () => {
  expect(() => plan('source=x')).toThrow('ssh does not support source');
});

test('connections reach the agent until the socket is let go, also in a folder with a long name', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), `ssh-${'long-'.repeat(25)}`));
  const agent = echoing();
  const opened = await openSsh({ ssh: agent, signal }, plan(), async () => folder.path);
  const path = opened?.mount.source ?? '';
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await using handle = await open(folder.path);
  const socket = connect(`/proc/self/fd/${handle.fd}/${path.slice(folder.path.length + 1)}`);
  socket.write('sign this');
  expect(String((await once(socket, 'data'))[0])).toBe('sign this');
  expect(agent.asked).toEqual(['default']);
  const closed = once(socket, 'close');
  await opened?.[Symbol.asyncDispose]();
  await closed;
  expect(existsSync(path)).toBe(false);
});

const never = (): Promise<string> => Promise.reject(new InternalError('no folder is needed'));

test('an agent that nobody forwards is left out, or missed', async () => {
  expect(await openSsh({ ssh: NO_SSH, signal }, plan(), never)).toBeUndefined();
  await expect(openSsh({ ssh: NO_SSH, signal }, plan(`${own},required`), never)).rejects.toMatchObject({
    hint: 'build with --ssh default',
  });
});
