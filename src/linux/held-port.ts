import { c, checked } from './ffi.ts';
import { numbers } from './numbers.ts';

const AF_INET = 2;
const SOCKET_TYPES = { tcp: 1, udp: 2 } as const;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
/** Bytes of `struct sockaddr_in`. */
const ADDRESS_SIZE = 16;

/** A port of this host that nobody else can take until it is released by disposing. Nothing is served on it. */
export interface HeldPort extends Disposable {
  readonly port: number;
}

/**
 * Takes a port; 0 takes any free one.
 * @throws {ConflictError} if it is in use; {InvalidArgumentError} if the host has no such address; {PermissionDeniedError}
 */
export function holdPort(wanted: { protocol: 'tcp' | 'udp'; address: string; port: number }): HeldPort {
  const { protocol, address, port } = wanted;
  const what = `take ${protocol} port ${address}:${port}`;
  const fd = checked(c.socket(AF_INET, SOCKET_TYPES[protocol] | numbers().socket.closeOnExec, 0), what);
  try {
    if (protocol === 'tcp') {
      // Connections of a former server that linger are no reason to refuse; one that listens still is.
      checked(c.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, Buffer.from([1, 0, 0, 0]), 4), what);
    }
    checked(c.bind(fd, encodeAddress(address, port), ADDRESS_SIZE), what);
    // Only a listening socket keeps out others that reuse addresses.
    if (protocol === 'tcp') checked(c.listen(fd, 1), what);
    return { port: portOf(fd, what), [Symbol.dispose]: () => void c.close(fd) };
  } catch (error) {
    c.close(fd);
    throw error;
  }
}

/** `struct sockaddr_in`: port and address in network order. */
function encodeAddress(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(ADDRESS_SIZE);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  Buffer.from(address.split('.').map(Number)).copy(bytes, 4);
  return bytes;
}

function portOf(fd: number, what: string): number {
  const address = Buffer.alloc(ADDRESS_SIZE);
  checked(c.getsockname(fd, address, Buffer.from([ADDRESS_SIZE, 0, 0, 0])), what);
  return address.readUInt16BE(2);
}
