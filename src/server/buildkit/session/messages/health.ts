import type { UnaryMethod } from '#lib/grpc/call-unary.ts';
import { int32, string } from '#lib/protobuf/field.ts';
import { message, type MessageOf } from '#lib/protobuf/message.ts';

const REQUEST = message({ service: string(1) });
/** One is well. */
const ANSWER = message({ status: int32(1) });

export const CHECK_HEALTH: UnaryMethod<MessageOf<typeof REQUEST>, MessageOf<typeof ANSWER>> = {
  path: '/grpc.health.v1.Health/Check',
  request: REQUEST,
  answer: ANSWER,
};
