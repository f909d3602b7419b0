import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type RegistryAuth, toAuth } from '#api/auth-header.ts';
import { InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import { writeAtomic } from '#lib/files/write-atomic.ts';
import { run } from '#lib/run.ts';

/** Docker's configuration of a user, as far as credentials go; other keys are kept. */
interface AuthConfig {
  auths?: Record<string, unknown>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
  [key: string]: unknown;
}

export interface AuthConfigOptions {
  /** Folder of config.json; `$DOCKER_CONFIG`, else `~/.docker`, if absent. */
  folder?: string;
  env?: NodeJS.ProcessEnv;
}

/** Key of Docker Hub in credential stores. */
const HUB_KEY = 'https://index.docker.io/v1/';
/** What a helper answers as the user when the secret is an identity token. */
const TOKEN_USER = '<token>';

/**
 * Credentials that the user keeps for a registry (`docker.io`, `host:port`): from `DOCKER_AUTH_CONFIG`, the helper of that registry, the
 * store for all, or the file itself. Undefined if there are none.
 * @throws {UnavailableError} if a helper that is configured is not installed or fails
 */
export async function findCredentials(
  domain: string,
  options: AuthConfigOptions = {},
): Promise<RegistryAuth | undefined> {
  const env = options.env ?? process.env;
  const given = inFile(parse(env['DOCKER_AUTH_CONFIG'] ?? '', 'DOCKER_AUTH_CONFIG'), domain);
  if (given !== undefined) return given;
  const config = await readConfig(options);
  const helper = helperOf(config, domain);
  return helper === undefined ? inFile(config, domain) : askHelper(helper, serverKey(domain));
}

/**
 * Keeps credentials where the user's configuration says.
 * @returns the helper that keeps them, or undefined if they are in the file, readable by whoever reads it
 */
export async function storeCredentials(
  domain: string,
  auth: RegistryAuth,
  options: AuthConfigOptions = {},
): Promise<{ helper: string | undefined }> {
  const config = await readConfig(options);
  const key = serverKey(domain);
  const { username = '', password = '', identityToken } = auth;
  const helper = helperOf(config, domain);
  if (helper !== undefined) {
    const secret = identityToken === undefined ? [username, password] : [TOKEN_USER, identityToken];
    const input = JSON.stringify({ ServerURL: key, Username: secret[0], Secret: secret[1] });
    await callHelper(helper, 'store', input);
    return { helper };
  }
  const both = Buffer.from(`${username}:${identityToken === undefined ? password : ''}`).toString('base64');
  const entry = { auth: both, ...(identityToken !== undefined && { identitytoken: identityToken }) };
  await writeConfig({ ...config, auths: { ...withoutDomain(config, domain), [key]: entry } }, options);
  return { helper: undefined };
}

/** Forgets them. @returns false if there were none */
export async function eraseCredentials(domain: string, options: AuthConfigOptions = {}): Promise<boolean> {
  const config = await readConfig(options);
  const helper = helperOf(config, domain);
  const { DOCKER_AUTH_CONFIG: _given, ...env } = options.env ?? process.env;
  const wasThere = (await findCredentials(domain, { ...options, env })) !== undefined;
  if (helper !== undefined && wasThere) await callHelper(helper, 'erase', serverKey(domain));
  const auths = withoutDomain(config, domain);
  if (Object.keys(auths).length < Object.keys(config.auths ?? {}).length)
    await writeConfig({ ...config, auths }, options);
  return wasThere;
}

function serverKey(domain: string): string {
  return domainOf(domain) === 'docker.io' ? HUB_KEY : domain;
}

/** Keys are hosts or URLs, of any age. */
function domainOf(key: string): string {
  const host = key
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
    .toLowerCase();
  return ['index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host;
}

function inFile({ auths = {} }: AuthConfig, domain: string): RegistryAuth | undefined {
  const found =
    Object.entries(auths).find(([key]) => key === serverKey(domain)) ??
    Object.entries(auths).find(([key]) => domainOf(key) === domainOf(domain));
  if (found === undefined) return undefined;
  const auth = toAuth(found[1]);
  const { identityToken, ...rest } = auth;
  if (Object.keys(auth).length === 0) return undefined;
  // With a token the password beside it is empty and must not be sent.
  const own = identityToken === undefined ? rest : { identityToken };
  return { ...own, serverAddress: serverKey(domain) };
}

function withoutDomain({ auths = {} }: AuthConfig, domain: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(auths).filter(([key]) => domainOf(key) !== domainOf(domain)));
}

function helperOf({ credHelpers = {}, credsStore }: AuthConfig, domain: string): string | undefined {
  const own = Object.entries(credHelpers).find(([key]) => domainOf(key) === domainOf(domain))?.[1];
  const helper = own ?? credsStore;
  return helper === undefined || helper === '' ? undefined : helper;
}

/** The protocol of Docker's credential helpers: a program, one word, text on standard input. */
async function callHelper(
  name: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
): Promise<{ code: number; stdout: string }> {
  if (!/^[\w.-]+$/.test(name))
    throw new InvalidArgumentError(`not a name of a credential helper: ${JSON.stringify(name)}`);
  const program = `docker-credential-${name}`;
  const { code, stdout, stderr } = await run([program, verb], { input, allowFailure: true });
  const text = `${stdout}${stderr}`.trim();
  if (code !== 0 && !/credentials not found/i.test(text))
    throw new UnavailableError(`the credential helper ${program} failed: ${text.split('\n').at(-1) ?? ''}`, {
      hint: 'check credsStore and credHelpers in the configuration of docker',
    });
  return { code, stdout };
}

async function askHelper(helper: string, key: string): Promise<RegistryAuth | undefined> {
  const { code, stdout } = await callHelper(helper, 'get', key);
  if (code !== 0) return undefined;
  const { Username, Secret } = parse(stdout, `the answer of docker-credential-${helper}`) as Record<string, unknown>;
  if (typeof Username !== 'string' || typeof Secret !== 'string') return undefined;
  const own = Username === TOKEN_USER ? { identityToken: Secret } : { username: Username, password: Secret };
  return { ...own, serverAddress: key };
}

function configPath({ folder, env = process.env }: AuthConfigOptions): string {
  return join(folder ?? (env['DOCKER_CONFIG'] || join(homedir(), '.docker')), 'config.json');
}

async function readConfig(options: AuthConfigOptions): Promise<AuthConfig> {
  const path = configPath(options);
  return parse(await readFile(path, 'utf8').catch(() => ''), path);
}

function parse(text: string, what: string): AuthConfig {
  if (text.trim() === '') return {};
  try {
    const document = JSON.parse(text) as unknown;
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document as AuthConfig;
  } catch {
    // Said below; the text itself may hold secrets.
  }
  throw new InvalidArgumentError(`${what} is not valid JSON`, { hint: 'mend it, or move it away' });
}

async function writeConfig(config: AuthConfig, options: AuthConfigOptions): Promise<void> {
  const path = configPath(options);
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  await writeAtomic(path, `${JSON.stringify(config, null, '\t')}\n`, 0o600);
}
