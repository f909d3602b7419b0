import { addressOf } from '#linux/address-of.ts';
import { CONTROL_BYTES, type Ring, RING_BYTES } from './ring.ts';

const PAGE_BYTES = 4096;

/** Makes the memory of a ring. Apart from the rest, because the threads that read it have no use for calls into C. */
export function createRing(): Ring {
  const memory = new SharedArrayBuffer(RING_BYTES + PAGE_BYTES);
  const address = Number(addressOf(memory) % BigInt(PAGE_BYTES));
  return {
    memory,
    offset: address === 0 ? 0 : PAGE_BYTES - address,
    control: new SharedArrayBuffer(CONTROL_BYTES),
  };
}
