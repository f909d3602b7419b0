import { InvalidArgumentError } from '#lib/errors.ts';
import { type Digest, isDigest } from './digest.ts';

/** A name of an image as people write it, normalised (distribution's reference grammar with Docker Hub's defaults). */
export interface Reference {
  /** Registry host with port: `docker.io`, `localhost:5000`. */
  domain: string;
  /** Repository below it: `library/python`. */
  path: string;
  tag?: string;
  digest?: Digest;
}

const DEFAULT_DOMAIN = 'docker.io';
const OFFICIAL = 'library/';

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const TAG = /^\w[\w.-]{0,127}$/;
const NAME_LIMIT = 255;

/**
 * Reads `[domain/]path[:tag][@digest]`. A name without a domain belongs to Docker Hub, one word alone to its `library`.
 * @throws {InvalidArgumentError} `invalid reference format`
 */
export function parseReference(text: string): Reference {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) throw invalid(text);
  const named = at < 0 ? text : text.slice(0, at);
  if (/^[0-9a-f]{64}$/.test(named))
    throw new InvalidArgumentError(`invalid repository name (${named}), cannot specify 64-byte hexadecimal strings`);
  const { domain, rest } = splitDomain(named);
  const colon = rest.indexOf(':');
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  const path = colon < 0 ? rest : rest.slice(0, colon);
  if (path !== path.toLowerCase())
    throw new InvalidArgumentError(`invalid reference format: repository name (${path}) must be lowercase`);
  if (!DOMAIN.test(domain) || !PATH.test(path) || (tag !== undefined && !TAG.test(tag))) throw invalid(text);
  if (path.length > NAME_LIMIT)
    throw new InvalidArgumentError(`repository name must not be more than ${NAME_LIMIT} characters`);
  return { domain, path, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  let domain = isDomain ? first : DEFAULT_DOMAIN;
  let rest = isDomain ? text.slice(slash + 1) : text;
  if (domain === 'index.docker.io') domain = DEFAULT_DOMAIN;
  if (domain === DEFAULT_DOMAIN && !rest.includes('/')) rest = `${OFFICIAL}${rest}`;
  return { domain, rest };
}

function invalid(text: string): InvalidArgumentError {
  return new InvalidArgumentError('invalid reference format', {
    why: `${JSON.stringify(text)} is not a name of an image`,
    hint: 'write it as [registry/]name[:tag], in lower case',
  });
}

/** The same with the tag `latest` where neither tag nor digest is given. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference;
}

/** The whole name: `docker.io/library/python:3.11-slim`. */
export function canonicalName({ domain, path, tag, digest }: Reference): string {
  return `${domain}/${path}${suffix(tag, digest)}`;
}

/** As people write it: `python:3.11-slim`. */
export function familiarName({ domain, path, tag, digest }: Reference): string {
  const own = suffix(tag, digest);
  if (domain !== DEFAULT_DOMAIN) return `${domain}/${path}${own}`;
  const short = path.startsWith(OFFICIAL) ? path.slice(OFFICIAL.length) : path;
  // A path of several parts below library/ keeps it, and so does one whose first part would read as a domain.
  return `${short.includes('/') ? path : short}${own}`;
}

function suffix(tag: string | undefined, digest: Digest | undefined): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}
