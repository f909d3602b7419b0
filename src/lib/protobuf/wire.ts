import type { Scalar } from './field.ts';

/** Wire types (protobuf encoding, "Message Structure"). */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const;

/** How a scalar is written; a message inside is `bytes`. */
export function wireTypeOf(type: Scalar): number {
  switch (type) {
    case 'string':
    case 'bytes':
      return WIRE.bytes;
    case 'fixed32':
    case 'float':
      return WIRE.fixed32;
    case 'fixed64':
    case 'double':
      return WIRE.fixed64;
    default:
      return WIRE.varint;
  }
}

/** The value of a field that is not there. */
export function zeroOf(type: Scalar): unknown {
  switch (type) {
    case 'string':
      return '';
    case 'bytes':
      return Buffer.alloc(0);
    case 'bool':
      return false;
    case 'bigint64':
      return 0n;
    default:
      return 0;
  }
}
