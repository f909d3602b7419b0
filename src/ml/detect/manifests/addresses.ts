import type { Evidence } from '../../plan/plan.ts';
import { type CredentialUse, type Draft, type IndexAddress, problem } from './contract.ts';

export interface PlainAddress {
  /** Without user and password; variables stay as they are written. */
  address: string;
  credentials: readonly Omit<CredentialUse, 'file' | 'line'>[];
}

/** Takes user and password off an address. Names of variables that stand for them are kept, values never. */
export function withoutCredentials(text: string): PlainAddress {
  const variables = [...text.matchAll(/\$\{([A-Z_][A-Z\d_]*)\}/gi)].map(([, name = '']) => ({ kind: 'variable' as const, name }));
  const match = /^((?:[\w.-]+\+)?[a-z][\w.+-]*:\/\/)([^/?#\s]*)@(.*)$/i.exec(text);
  if (match === null) return { address: text, credentials: variables };
  const [, scheme = '', user = '', rest = ''] = match;
  const isSecret = !/^(git|\$\{[^}]*\}(:\$\{[^}]*\})?)$/.test(user);
  if (!isSecret) return { address: text, credentials: variables };
  const host = /^[^/:?#]*/.exec(rest)?.[0] ?? '';
  return { address: `${scheme}${rest}`, credentials: [...variables, { kind: 'password', name: host }] };
} // prettier-ignore

/** An address for a manifest: its credentials are noted, said, and taken off. */
export function plainAddress(draft: Draft, text: string, { file, line }: Evidence): IndexAddress {
  const { address, credentials } = withoutCredentials(text);
  draft.credentials.push(...credentials.map((use) => ({ ...use, file, line })));
  for (const { name } of credentials.filter(({ kind }) => kind === 'password')) {
    draft.readByPip = false;
    draft.problems.push(problem('secret-in-requirements', { file, line }, { message: `a password for ${name} stands in ${file}`, fix: `put it into ~/.netrc or pip's own configuration, where builds take it from as a secret, and change it`, severity: 'error' })); // prettier-ignore
  }
  return { url: address, file, line };
}

/** Whether an address is that of the public index, which nobody has to name: pip and uv ask it, or what the user has set up in its place. */
export function isUsualIndex(url: string): boolean {
  return /^https:\/\/pypi\.(?:[a-z]+\.)?[a-z]{3}\/simple\/?$/.test(url);
}
