/** Credentials for one registry as a client passes them; all empty = anonymous. */
export interface RegistryAuth {
  username?: string;
  password?: string;
  serverAddress?: string;
  /** OAuth2 refresh token. */
  identityToken?: string;
  /** Bearer token to be sent as it is. */
  registryToken?: string;
}

/** Reads `X-Registry-Auth`; a broken or missing one is anonymous, never an error. */
export function parseAuthHeader(header: string | readonly string[] | undefined): RegistryAuth {
  return toAuth(decode(header));
}

/** Reads `X-Registry-Config`, credentials by registry, as a build gets them. */
export function parseRegistryConfig(header: string | readonly string[] | undefined): Record<string, RegistryAuth> {
  const document = decode(header);
  if (typeof document !== 'object' || document === null) return {};
  return Object.fromEntries(Object.entries(document).map(([host, value]) => [host, toAuth(value)]));
}

/** Writes `X-Registry-Auth`. */
export function formatAuthHeader(auth: RegistryAuth): string {
  return encode(toWire(auth));
}

/** Writes `X-Registry-Config`. */
export function formatRegistryConfig(config: Readonly<Record<string, RegistryAuth>>): string {
  return encode(Object.fromEntries(Object.entries(config).map(([host, auth]) => [host, toWire(auth)])));
}

/** The AuthConfig object of the Engine API as credentials; also the body of `POST /auth`. */
export function toAuth(document: unknown): RegistryAuth {
  if (typeof document !== 'object' || document === null) return {};
  const fields = new Map(Object.entries(document).map(([name, value]) => [name.toLowerCase(), value as unknown]));
  const text = (name: string): string | undefined => {
    const value = fields.get(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const both = splitBoth(text('auth'));
  const auth = {
    username: text('username') ?? both?.username,
    password: text('password') ?? both?.password,
    serverAddress: text('serveraddress'),
    identityToken: text('identitytoken'),
    registryToken: text('registrytoken'),
  };
  return Object.fromEntries(Object.entries(auth).filter(([, value]) => value !== undefined));
}

function toWire(auth: RegistryAuth): Record<string, string> {
  return Object.fromEntries(
    Object.entries(auth)
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => [name.toLowerCase(), value as string]),
  );
}

function splitBoth(text: string | undefined): { username: string; password: string } | undefined {
  const both = text === undefined ? undefined : fromBase64(text);
  const colon = both?.indexOf(':') ?? -1;
  if (both === undefined || colon < 0) return undefined;
  return { username: both.slice(0, colon), password: both.slice(colon + 1).replace(/\0+$/, '') };
}

function decode(header: string | readonly string[] | undefined): unknown {
  const text = typeof header === 'string' ? header : header?.[0];
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(fromBase64(text) ?? '') as unknown;
  } catch {
    return undefined;
  }
}

/** Both alphabets are met, padding is sometimes missing. */
function fromBase64(text: string): string | undefined {
  try {
    const bytes = Uint8Array.from(
      atob(
        text
          .replace(/-/g, '+')
          .replace(/_/g, '/')
          .replace(/[=\s]+$/, ''),
      ),
      (c) => c.charCodeAt(0),
    );
    return new TextDecoder().decode(bytes);
  } catch {
    return undefined;
  }
}

function encode(document: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replace(/\+/g, '-')
    .replace(/\//g, '_');
}
