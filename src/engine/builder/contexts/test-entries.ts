import { type ContextEntry, NO_XATTRS } from './context-entry.ts';

/** An entry of a test's context: a file of no bytes unless it says more. */
export function testEntry(path: string, more: Partial<ContextEntry> = {}): ContextEntry {
  const kind = more.kind ?? 'file';
  return {
    path,
    kind,
    mode: kind === 'directory' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    mtimeNs: 1_700_000_000_123_456_789n,
    target: '',
    major: 0,
    minor: 0,
    xattrs: NO_XATTRS,
    ...more,
  };
}
