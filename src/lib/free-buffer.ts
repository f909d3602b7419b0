/**
 * Gives back the memory of a buffer that nobody uses any more, without waiting for the collector, which is late and busy when gigabytes pass
 * by. The buffer is empty afterwards. One that shares its memory with others stays as it is.
 */
export function freeBuffer(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength) buffer.transfer(0);
}
