import { baseOf } from '../files.ts';
import { parseSpecifiers } from '../version.ts';

/** One requirement of a project (PEP 508). */
export interface Requirement {
  /** Distribution in its normal form (PEP 503): lower case, `-` between words. */
  name: string;
  extras: readonly string[];
  /** Version specifiers as written, such as `==1.5.2`; empty when any will do. */
  specifiers: string;
  marker: string;
  /** Where it comes from instead of the index; without credentials. */
  url: string | undefined;
  file: string;
  line: number;
  /** Installed as a link to its source (`-e`). */
  editable?: boolean;
  /** A package of conda, whose builds are others than those of the index. */
  fromConda?: boolean;
  /** Its files are named by their digests. */
  hashed?: boolean;
}

export type BareRequirement = Omit<Requirement, 'file' | 'line'>;

export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** As pip takes it: `name[extra]>=1; marker`, `name @ url; marker`. */
export function requirementText({ name, extras, specifiers, url, marker }: BareRequirement): string {
  const what = name + (extras.length > 0 ? `[${extras.join(',')}]` : '');
  const where = url === undefined ? specifiers : ` @ ${url}`;
  return `${what}${where}${marker === '' ? '' : `${url === undefined ? '' : ' '}; ${marker}`}`;
}

const MAX_CHARACTERS = 8000;

/** Parses `name[extra]>=1; marker`, `name @ url` and bare links (PEP 508); undefined if it is none. */
export function parseRequirement(text: string): BareRequirement | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const options = text.search(/\s--[a-z]/);
  const content = (options === -1 ? text : text.slice(0, options)).trim();
  const hashed = /\s--hash[= ]/.test(text);
  const parsed = /^(?:git\+git@|(?:[\w.-]+\+)?[a-z][\w.+-]*:\/\/)/i.test(content)
    ? fromLink(content)
    : fromName(content);
  return parsed === undefined || !hashed ? parsed : { ...parsed, hashed };
}

function fromName(content: string): BareRequirement | undefined {
  const match = /^([A-Za-z\d](?:[\w.-]*[A-Za-z\d])?)\s*(?:\[([^\]]*)\])?\s*(.*)$/.exec(content);
  if (match === null) return undefined;
  const [, name = '', extras = '', rest = ''] = match;
  const common = { name: normalName(name), extras: listed(extras) };
  if (rest.startsWith('@')) {
    const link = /^@\s*(\S+)(?:\s+;\s*(.*))?$/.exec(rest);
    return link === null ? undefined : { ...common, specifiers: '', marker: link[2]?.trim() ?? '', url: link[1] };
  }
  const cut = rest.indexOf(';');
  const [wanted, marker] = cut === -1 ? [rest, ''] : [rest.slice(0, cut), rest.slice(cut + 1).trim()];
  const specifiers = /^\((.*)\)$/.exec(wanted.trim())?.[1] ?? wanted;
  if (parseSpecifiers(specifiers) === undefined) return undefined;
  return { ...common, specifiers: specifiers.replace(/\s+/g, ''), marker, url: undefined };
}

function fromLink(content: string): BareRequirement {
  const [url = '', marker = ''] = content.split(/\s+;\s*/, 2);
  const egg = /[#&]egg=([\w.-]+)(?:\[([^\]]*)\])?/.exec(url);
  const plain = url.replace(/(?<=[#&])egg=[^&]*&?/, '').replace(/[#&]$/, '');
  return {
    name: normalName(egg?.[1] ?? nameInLink(url)),
    extras: listed(egg?.[2] ?? ''),
    specifiers: '',
    marker,
    url: plain,
  };
}

/** The name in a wheel's or an archive's file name, or of a repository. */
function nameInLink(url: string): string {
  const path = url.replace(/[#?].*$/, '').replace(/(?<=\/[^/]*)@[^/]*$/, '');
  const base = baseOf(path.replace(/\/+$/, ''));
  if (/^git\+|\.git$/.test(path)) return base.replace(/\.git$/, '');
  const archive = /\/([^/]+)\/(?:archive|tarball|zipball)\//.exec(path)?.[1];
  return (
    archive ??
    /^([A-Za-z\d][\w.]*?(?:-[A-Za-z_][\w.]*?)*)-\d/.exec(base)?.[1] ??
    base.replace(/\.(whl|zip|tar\.\w+|tgz)$/, '')
  );
}

function listed(text: string): string[] {
  return text.split(',').map((item) => item.trim()).filter((item) => item !== ''); // prettier-ignore
}

/** What a line that is no requirement was probably meant to be, and what is wrong with it; undefined where nobody can tell. */
export function repairRequirement(text: string): { requirement: BareRequirement; what: string } | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  for (const { pattern, with: replacement, what } of REPAIRS) {
    if (!pattern.test(text)) continue;
    const requirement = parseRequirement(text.replace(pattern, replacement));
    if (requirement !== undefined) return { requirement, what };
  }
  return undefined;
}

const NAME = String.raw`^([A-Za-z\d][\w.-]{0,100}(?:\[[^\]]{0,100}\])?)`;

const REPAIRS: readonly { pattern: RegExp; with: string; what: string }[] = [
  { pattern: /^pip3? install (?:-U |--upgrade )?/, with: '', what: 'it is a command, not a requirement' },
  { pattern: /^[-*•]\s+(?=[A-Za-z])/, with: '', what: 'it begins as an item of a list' },
  { pattern: /^(["'])([^"']*)\1,?$/, with: '$2', what: 'it is in quotes' },
  { pattern: new RegExp(String.raw`${NAME}\s*=\s*(\d[\w.!+*]*)=[\w.]+$`), with: '$1==$2', what: 'it is in the form of conda, with a build' },
  { pattern: new RegExp(String.raw`${NAME}\s*=\s*(\d[\w.!+*]*)\s*$`), with: '$1==$2', what: 'one equals sign is none for pip' },
  { pattern: new RegExp(String.raw`${NAME}\s*=>\s*(?=\d)`), with: '$1>=', what: '=> is no comparison' },
  { pattern: new RegExp(String.raw`${NAME}\s*=<\s*(?=\d)`), with: '$1<=', what: '=< is no comparison' },
  { pattern: new RegExp(String.raw`${NAME}\s*:\s*(?=\d)`), with: '$1==', what: 'a colon is no comparison' },
  { pattern: new RegExp(String.raw`${NAME}\s+v?(\d[\w.+]*)\s*$`), with: '$1==$2', what: 'there is no comparison before the version, as pip list prints it' },
  { pattern: /(?<=[\w*])\s+(?=[<>=!~]=?\s*\d)/g, with: ',', what: 'a comma is missing between its limits' },
  { pattern: /^(.*?[\w*])\s*[,;.]+\s*$/, with: '$1', what: 'it ends with a mark that is not part of it' },
]; // prettier-ignore
