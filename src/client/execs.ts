import { callJson, callVoid, part } from './call.ts';
import type { Client, Hijacked } from './transport.ts';

export interface ExecRequest {
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  Tty?: boolean;
  Cmd: readonly string[];
  Env?: readonly string[];
  User?: string;
  WorkingDir?: string;
  Privileged?: boolean;
  DetachKeys?: string;
  ConsoleSize?: readonly [height: number, width: number];
}

/** `POST /containers/{name}/exec` @returns the id of the exec */
export async function createExec(client: Client, container: string, request: ExecRequest): Promise<string> {
  const { Id } = await callJson<{ Id: string }>(client, ['POST', `/containers/${part(container)}/exec`], {
    json: request,
  });
  return Id;
}

/** `POST /exec/{id}/start` with the connection taken over. */
export async function attachExec(
  client: Client,
  id: string,
  { tty, consoleSize }: { tty: boolean; consoleSize?: readonly [number, number] | undefined },
): Promise<Hijacked> {
  const json = { Detach: false, Tty: tty, ...(consoleSize !== undefined && { ConsoleSize: consoleSize }) };
  return client.hijack(`/exec/${part(id)}/start`, { json });
}

/** `POST /exec/{id}/start` in the background. */
export async function startExec(client: Client, id: string, { tty }: { tty: boolean }): Promise<void> {
  await callVoid(client, ['POST', `/exec/${part(id)}/start`], { json: { Detach: true, Tty: tty } });
}

/** `POST /exec/{id}/resize`, in characters. */
export async function resizeExec(
  client: Client,
  id: string,
  { height, width }: { height: number; width: number },
): Promise<void> {
  await callVoid(client, ['POST', `/exec/${part(id)}/resize`], { query: { h: height, w: width } });
}

/** `GET /exec/{id}/json` */
export async function inspectExec(
  client: Client,
  id: string,
): Promise<{ ID: string; Running: boolean; ExitCode: number | null; Pid: number }> {
  return callJson(client, ['GET', `/exec/${part(id)}/json`]);
}
