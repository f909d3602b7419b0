import type { UnaryMethod } from '#lib/grpc/call-unary.ts';
import { bytes, string } from '#lib/protobuf/field.ts';
import { message, type MessageOf } from '#lib/protobuf/message.ts';

const REQUEST = message({ id: string(1) });
const ANSWER = message({ data: bytes(1) });

export const GET_SECRET: UnaryMethod<MessageOf<typeof REQUEST>, MessageOf<typeof ANSWER>> = {
  path: '/moby.buildkit.secrets.v1.Secrets/GetSecret',
  request: REQUEST,
  answer: ANSWER,
};
