import koffi from 'koffi';

/** Where in this process's memory the bytes lie. */
export function addressOf(memory: ArrayBuffer | SharedArrayBuffer): bigint {
  return koffi.address(new Uint8Array(memory));
}
