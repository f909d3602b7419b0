import { c, checked, errnoError } from './ffi.ts';
import { type Answer, CONTROL, decodeAnswers, encodeRequest, FLAGS, type Request } from './netlink-message.ts';
import { numbers } from './numbers.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
/** Parts of the kernel that speak it. */
const PROTOCOLS = { route: 0, netfilter: 12 } as const;
const BUFFER_SIZE = 256 * 1024;

/** A conversation with the kernel about one network namespace: interfaces and routes, or the packet filter. The kernel answers at once. */
export interface Netlink extends Disposable {
  /**
   * Sends all in one go; the kernel does them in order, each by itself.
   * @throws the first refusal, as the error kind of its errno
   */
  request(requests: readonly Request[]): void;
  /** Answers to a question. */
  dump(request: Request): Answer[];
}

/** Opens it in the calling thread's network namespace, where it stays. */
export function openNetlink(protocol: keyof typeof PROTOCOLS = 'route'): Netlink {
  const fd = checked(
    c.socket(AF_NETLINK, SOCK_RAW | numbers().socket.closeOnExec, PROTOCOLS[protocol]),
    'netlink socket',
  );
  const buffer = Buffer.alloc(BUFFER_SIZE);
  let sequence = 0;

  const send = (requests: readonly Request[]): void => {
    const bytes = Buffer.concat(requests.map((request) => encodeRequest(request, ++sequence)));
    checked(c.send(fd, bytes, bytes.length, 0), 'send to the kernel');
  };
  const receive = (): Answer[] => {
    const length = checked(c.recv(fd, buffer, buffer.length, 0), 'receive from the kernel');
    return decodeAnswers(buffer.subarray(0, length));
  };

  return {
    request(requests) {
      const first = sequence + 1;
      send(requests.map((request) => ({ ...request, flags: request.flags | FLAGS.acknowledge })));
      let missing = requests.length;
      let failure: Error | undefined;
      while (missing > 0) {
        for (const answer of receive().filter(({ type }) => type === CONTROL.error)) {
          missing--;
          failure ??= failureOf(answer, requests[answer.sequence - first]?.what ?? 'netlink');
        }
      }
      if (failure !== undefined) throw failure;
    },

    dump(request) {
      send([request]);
      const isDump = (request.flags & FLAGS.dump) === FLAGS.dump;
      const found: Answer[] = [];
      for (;;) {
        for (const answer of receive()) {
          if (answer.type === CONTROL.done) return found;
          const failure = answer.type === CONTROL.error ? failureOf(answer, request.what) : undefined;
          if (failure !== undefined) throw failure;
          found.push(answer);
        }
        if (!isDump) return found;
      }
    },

    [Symbol.dispose]() {
      c.close(fd);
    },
  };
}

function failureOf({ body }: Answer, what: string): Error | undefined {
  const code = body.readInt32LE(0);
  return code === 0 ? undefined : errnoError(-code, what);
}
