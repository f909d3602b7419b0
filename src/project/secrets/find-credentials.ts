import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { stripCredentials, variablesInAddresses } from '#ml/dockerfile/strip-credentials.ts';
import type { ProjectPlan } from '#ml/plan/plan.ts';
import { formatNetrc, type HostLogin, parseNetrc } from './netrc.ts';
import { indexConfiguration, type IndexConfiguration, namedIndexes } from './pip-configuration.ts';

/** What a build is given as secrets, with a reason for each; the values are written down nowhere. */
export interface Credentials {
  notes: ProjectPlan['secrets'];
  /** Values by name. */
  values: ReadonlyMap<string, Buffer>;
  /** For models that only some may fetch, when the program runs. */
  hubToken: Buffer | undefined;
}

export interface CredentialQuestion {
  plan: ProjectPlan;
  /** Texts of the manifests, as they are in the folder. */
  manifests: readonly string[];
  environment?: Readonly<Record<string, string | undefined>>;
  home?: string;
}

/** Finds the credentials that installing a project's packages needs on this machine, and only those. */
export async function findCredentials(question: CredentialQuestion): Promise<Credentials> {
  const { plan, manifests, environment = process.env, home = homedir() } = question;
  const configuration = await indexConfiguration(environment, home);
  const logins = [
    ...manifests.flatMap((text) => stripCredentials(text).found),
    ...loginsOf(configuration),
    ...namedLogins(new Map([...configuration.named, ...manifests.flatMap(namedIndexes)]), environment),
    ...(await netrcLogins({ configuration, manifests }, { environment, home })),
  ];
  const notes: { name: string; why: string }[] = [...plan.secrets];
  const values = new Map<string, Buffer>();
  const add = (name: string, value: string | undefined, why: string): void => {
    if (value !== undefined) values.set(name, Buffer.from(value));
    if (!notes.some((note) => note.name === name)) notes.push({ name, why });
  };
  const settings = pipConfiguration(configuration);
  if (settings !== undefined) add('pip.conf', settings, 'packages come from the indexes of your own pip or uv');
  if (logins.length > 0) add('netrc', formatNetrc(logins), `${hostsText(logins)} asks who one is`);
  for (const name of manifests.flatMap(variablesInAddresses))
    add(name, environment[name], 'an address in a manifest names this variable');
  for (const { name } of plan.secrets)
    if (/^[A-Za-z_]\w*$/.test(name) && environment[name] !== undefined) values.set(name, Buffer.from(environment[name]));
  const hubToken = asksForHub(plan) ? await hubTokenOf(environment, home) : undefined;
  return { notes, values, hubToken };
} // prettier-ignore

function hostsText(logins: readonly HostLogin[]): string {
  return [...new Set(logins.map(({ host }) => host))].toSorted().join(', ');
}

function loginsOf({ index, extra }: IndexConfiguration): HostLogin[] {
  return [index ?? '', ...extra].flatMap((address) => stripCredentials(address).found);
}

/** `UV_INDEX_NAME_PASSWORD`, `POETRY_HTTP_BASIC_NAME_PASSWORD` and their users. */
function namedLogins(
  named: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
): HostLogin[] {
  return [...named].flatMap(([name, address]) => {
    const host = hostOf(address);
    const key = name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
    return ['UV_INDEX', 'POETRY_HTTP_BASIC'].flatMap((prefix) => {
      const password = environment[`${prefix}_${key}_PASSWORD`];
      const user = environment[`${prefix}_${key}_USERNAME`] ?? '';
      return host === undefined || password === undefined ? [] : [{ host, user, password }];
    });
  });
}

/** Of a netrc only what is for hosts that the project's packages come from. */
async function netrcLogins(
  { configuration, manifests }: { configuration: IndexConfiguration; manifests: readonly string[] },
  { environment, home }: { environment: Readonly<Record<string, string | undefined>>; home: string },
): Promise<HostLogin[]> {
  const text = await readFile(environment['NETRC'] ?? join(home, '.netrc'), 'utf8').catch(() => '');
  if (text === '') return [];
  const addresses = [configuration.index ?? '', ...configuration.extra, ...configuration.named.values(), ...manifests];
  const hosts = new Set(addresses.flatMap(hostsIn));
  return parseNetrc(text).filter(({ host }) => hosts.has(host));
}

function hostsIn(text: string): string[] {
  return [...text.matchAll(/https?:\/\/(?:[^\s/@'"]*@)?([\w.-]+)/g)].map(([, host = '']) => host);
}

function hostOf(address: string): string | undefined {
  return hostsIn(address)[0];
}

/** What pip has to know in a build, without passwords; undefined if it is what it knows anyway. */
function pipConfiguration({ index, extra, trustedHosts }: IndexConfiguration): string | undefined {
  const lines = [
    ...(index === undefined ? [] : [`index-url = ${withoutLogin(index)}`]),
    ...(extra.length === 0 ? [] : ['extra-index-url =', ...extra.map((address) => `    ${withoutLogin(address)}`)]),
    ...(trustedHosts.length === 0 ? [] : ['trusted-host =', ...trustedHosts.map((host) => `    ${host}`)]),
  ];
  return index === undefined && extra.length === 0 ? undefined : `${['[global]', ...lines].join('\n')}\n`;
}

function withoutLogin(address: string): string {
  return stripCredentials(address).text;
}

function isHubToken({ name }: { name: string }): boolean {
  return /^(?:HF_TOKEN|HUGGING_?FACE\w*TOKEN)$/.test(name);
}

function asksForHub({ hubModels, secrets, environment }: ProjectPlan): boolean {
  return hubModels.some(({ hub }) => hub === 'huggingface') || secrets.some(isHubToken) || environment.some(isHubToken);
}

async function hubTokenOf(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): Promise<Buffer | undefined> {
  const folder = environment['HF_HOME'] ?? join(environment['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'huggingface');
  const path = environment['HF_TOKEN_PATH'] ?? join(folder, 'token');
  const token =
    environment['HF_TOKEN'] ??
    environment['HUGGING_FACE_HUB_TOKEN'] ??
    (await readFile(path, 'utf8').catch(() => undefined));
  return token === undefined || token.trim() === '' ? undefined : Buffer.from(token.trim());
}
