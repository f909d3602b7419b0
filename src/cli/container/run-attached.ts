import { attachContainer, createContainer, removeContainer, resizeContainer, startContainer, waitContainer } from '#client/containers.ts'; // prettier-ignore
import type { Context } from '../command.ts';
import { proxySignals } from './proxy-signals.ts';
import { runSession } from './session.ts';

/** Runs a container that is removed at its end, tied to this terminal. @returns its exit code */
export async function runAttached({ client: open, output }: Context, body: object, terminal: boolean): Promise<number> {
  const client = await open();
  const { Id: id } = await createContainer(client, body, { hostCa: true });
  const connection = await attachContainer(client, id, { stdin: true, stdout: true, stderr: true, stream: true });
  const { exit } = await waitContainer(client, id, { condition: 'removed' });
  const stopProxy = terminal ? () => {} : proxySignals(client, id);
  try {
    await startContainer(client, id);
    const ended = await runSession({
      connection,
      address: client.address,
      output,
      terminal,
      input: true,
      resize: async (size) => resizeContainer(client, id, size),
    });
    return ended === 'detached' ? 0 : (await exit).StatusCode;
  } catch (error) {
    connection.socket.destroy();
    await removeContainer(client, id, { force: true, volumes: true }).catch(() => {});
    throw error;
  } finally {
    stopProxy();
  }
}
