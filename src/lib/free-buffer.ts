/** Views that are all there is of their memory, though that is larger. */
const whole = new WeakSet<Uint8Array>();

/** Says that nobody has another view of a view's memory, so that it goes with the view. */
export function markWhole(bytes: Uint8Array): void {
  whole.add(bytes);
}

/**
 * Gives back the memory of a buffer that nobody uses any more, without waiting for the collector, which is late and busy when gigabytes pass
 * by. The buffer is empty afterwards. One that shares its memory with others stays as it is.
 */
export function freeBuffer(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && (bytes.byteLength === buffer.byteLength || whole.has(bytes))) buffer.transfer(0);
}
