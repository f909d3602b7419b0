import { publicAddresses } from '../network/guarded-lookup.ts';
import type { GitAsk } from './fetch-git.ts';

/**
 * Settings for one remote: its address, with its credentials, those that the client gives by secrets, and where its name leads. They travel
 * in the environment, so that they stand neither in the list of processes nor in the repository.
 */
export async function gitSettings(remote: string, ask: GitAsk): Promise<Map<string, string>> {
  const settings = new Map([['remote.origin.url', remote]]);
  if (!/^https?:/i.test(remote)) return settings;
  const { origin, hostname, port, protocol } = new URL(remote);
  const authorization = await authorizationOf(new URL(remote).host, ask);
  if (authorization !== undefined) settings.set(`http.${origin}/.extraHeader`, `Authorization: ${authorization}`);
  if (ask.guardNetwork !== true) return settings;
  // The connection goes to what was looked at, and nowhere else.
  const addresses = await publicAddresses(hostname);
  const number = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  settings.set('http.curloptResolve', `${hostname}:${number}:${addresses.join(',')}`);
  settings.set('http.followRedirects', 'false');
  return settings;
}

/** Those for the host come before those for all. */
async function authorizationOf(host: string, { secrets }: GitAsk): Promise<string | undefined> {
  for (const suffix of [`.${host}`, '']) {
    const header = await secrets?.get(`GIT_AUTH_HEADER${suffix}`);
    if (header !== undefined) return header.toString('utf8').trim();
    const token = await secrets?.get(`GIT_AUTH_TOKEN${suffix}`);
    if (token !== undefined)
      return `basic ${Buffer.from(`x-access-token:${token.toString('utf8').trim()}`).toString('base64')}`;
  }
  return undefined;
}
