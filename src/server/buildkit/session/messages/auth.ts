import type { UnaryMethod } from '#lib/grpc/call-unary.ts';
import { string } from '#lib/protobuf/field.ts';
import { message, type MessageOf } from '#lib/protobuf/message.ts';

const REQUEST = message({ host: string(1) });
const ANSWER = message({ username: string(1), secret: string(2) });

/** What the client would log in to a registry with; both are empty if it has nothing. */
export const CREDENTIALS: UnaryMethod<MessageOf<typeof REQUEST>, MessageOf<typeof ANSWER>> = {
  path: '/moby.filesync.v1.Auth/Credentials',
  request: REQUEST,
  answer: ANSWER,
};
