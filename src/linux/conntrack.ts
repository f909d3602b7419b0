import { NotFoundError } from '#lib/errors.ts';
import { openNetlink } from './netlink.ts';
import { decodeAttributes, FLAGS, nested, type Request } from './netlink-message.ts';

/** Messages of the connection table and their attributes (linux/netfilter/nfnetlink_conntrack.h). */
const CT_GET = 0x101;
const CT_DELETE = 0x102;
const CTA = { original: 1, reply: 2 } as const;
const TUPLE = { address: 1, protocol: 2 } as const;
const ADDRESS = { source4: 1 } as const;
const PROTOCOL = { number: 1, destinationPort: 3 } as const;
const AF_INET = 2;
const UDP = 17;
/** Bytes of `struct nfgenmsg`. */
const FAMILY_HEADER_SIZE = 4;

/** One conversation over UDP that the kernel translates. */
export interface UdpFlow {
  /** Port that the first packet was sent to. */
  port: number;
  /** Address that answers come from: where translation led. */
  answersFrom: string;
}

/**
 * Makes the kernel forget conversations over UDP. It would go on leading them where they went before, for as long as a client keeps
 * sending, whatever the rules say now.
 */
export function forgetUdpFlows(isMeant: (flow: UdpFlow) => boolean): void {
  using netlink = openNetlink('netfilter');
  const dump: Request = { type: CT_GET, flags: FLAGS.dump, body: header(), what: 'list connections' };
  for (const { body } of netlink.dump(dump)) {
    const attributes = decodeAttributes(body.subarray(FAMILY_HEADER_SIZE));
    const original = attributes.get(CTA.original);
    const flow = original === undefined ? undefined : toFlow(original, attributes.get(CTA.reply));
    if (original === undefined || flow === undefined || !isMeant(flow)) continue;
    const forget = Buffer.concat([header(), nested(CTA.original, [original])]);
    try {
      netlink.request([{ type: CT_DELETE, flags: 0, body: forget, what: 'forget a connection' }]);
    } catch (error) {
      // It ended meanwhile.
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
}

function toFlow(original: Buffer, reply: Buffer | undefined): UdpFlow | undefined {
  const protocol = decodeAttributes(decodeAttributes(original).get(TUPLE.protocol) ?? Buffer.alloc(0));
  if (protocol.get(PROTOCOL.number)?.[0] !== UDP || reply === undefined) return undefined;
  const source = decodeAttributes(decodeAttributes(reply).get(TUPLE.address) ?? Buffer.alloc(0)).get(ADDRESS.source4);
  const port = protocol.get(PROTOCOL.destinationPort);
  return source === undefined || port === undefined
    ? undefined
    : { port: port.readUInt16BE(0), answersFrom: [...source].join('.') };
}

function header(): Buffer {
  return Buffer.from([AF_INET, 0, 0, 0]);
}
