/** Repository and tag of a name; no tag where none is written. */
export function splitName(name: string): { repo: string; tag?: string } {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? { repo: name.slice(0, colon), tag: name.slice(colon + 1) } : { repo: name };
}
