import { type Method, serverStream, unary } from '#lib/grpc/method.ts';
import { int32, string } from '#lib/protobuf/field.ts';
import { message } from '#lib/protobuf/message.ts';

const REQUEST = message({ service: string(1) });
const ANSWER = message({ status: int32(1) });
const SERVING = 1;

/** grpc.health.v1: whoever gets an answer is told that all is well. */
export function healthMethods(): [path: string, method: Method][] {
  const types = { request: REQUEST, answer: ANSWER };
  return [
    ['/grpc.health.v1.Health/Check', unary(types, async () => ({ status: SERVING }))],
    [
      '/grpc.health.v1.Health/Watch',
      serverStream(types, async function* (_, { signal }) {
        yield { status: SERVING };
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      }),
    ],
  ];
}
