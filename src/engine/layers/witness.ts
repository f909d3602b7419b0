import { readFileSync } from 'node:fs';
import { mountWord } from '#linux/mount-id.ts';

/**
 * Names the time during which what was written below `root` is read back whether or not it is on the disk yet: this boot, and this mount of
 * the file system.
 */
export function witnessOf(root: string): string {
  return `boot ${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${mountWord(root)}`;
}
