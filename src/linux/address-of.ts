import koffi from 'koffi';

/** Where in this process's memory the bytes lie. */
export function addressOf(memory: SharedArrayBuffer): bigint {
  return koffi.address(new Uint8Array(memory));
}
