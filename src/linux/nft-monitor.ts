import { c, checked } from './ffi.ts';
import { decodeAnswers, decodeAttributes, decodeText } from './netlink-message.ts';
import { numbers } from './numbers.ts';
import { adopt } from './seqpacket.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_NETFILTER = 12;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
/** Changes of the packet filter (linux/netfilter/nfnetlink.h). */
const NFNLGRP_NFTABLES = 7;
const NFNL_SUBSYS_NFTABLES = 10;
/** Bytes of `struct nfgenmsg`; the name of the table is the first attribute of messages about tables, chains and rules alike. */
const FAMILY_HEADER_SIZE = 4;
const TABLE_NAME = 1;
const KINDS: Readonly<Record<number, NftChange['kind']>> = {
  0: 'table-made', 2: 'table-gone', 3: 'chain', 5: 'chain', 6: 'rule', 8: 'rule',
}; // prettier-ignore

/** Something that changed in the packet filter of this network namespace, whoever did it. */
export interface NftChange {
  kind: 'table-made' | 'table-gone' | 'chain' | 'rule' | 'unknown';
  table: string;
}

/**
 * Tells what changes, several changes of one moment together. A change of kind `unknown` means that more happened than could be told.
 * Does not keep the process alive; ends by disposing.
 */
export function watchNft(listener: (changes: readonly NftChange[]) => void): Disposable {
  const { closeOnExec, nonBlocking } = numbers().socket;
  const fd = checked(c.socket(AF_NETLINK, SOCK_RAW | closeOnExec | nonBlocking, NETLINK_NETFILTER), 'nftables socket');
  const group = Buffer.from([NFNLGRP_NFTABLES, 0, 0, 0]);
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  try {
    checked(c.bind(fd, address, address.length), 'nftables socket');
    checked(c.setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group, group.length), 'listen for nftables changes');
  } catch (error) {
    c.close(fd);
    throw error;
  }
  const socket = adopt(fd);
  let ended = false;
  let successor: Disposable | undefined;
  socket.unref();
  socket.on('data', (datagram: Buffer) => {
    const changes = decodeNftChanges(datagram);
    if (changes.length > 0) listener(changes);
  });
  // The kernel drops what a slow reader has not taken, and says so by an error.
  socket.on('error', () => {});
  socket.on('close', () => {
    if (ended) return;
    listener([{ kind: 'unknown', table: '' }]);
    successor = watchNft(listener);
  });
  return {
    [Symbol.dispose]() {
      ended = true;
      socket.destroy();
      successor?.[Symbol.dispose]();
    },
  };
}

export function decodeNftChanges(datagram: Buffer): NftChange[] {
  return decodeAnswers(datagram)
    .filter(({ type }) => type >> 8 === NFNL_SUBSYS_NFTABLES && KINDS[type & 0xff] !== undefined)
    .map(({ type, body }) => ({
      kind: KINDS[type & 0xff] ?? 'unknown',
      table: decodeText(decodeAttributes(body.subarray(FAMILY_HEADER_SIZE)).get(TABLE_NAME)) ?? '',
    }));
}
