import type { UnaryMethod } from '#lib/grpc/call-unary.ts';
import { string } from '#lib/protobuf/field.ts';
import { message, type Message, type MessageOf } from '#lib/protobuf/message.ts';

const REQUEST = message({ id: string(1) });
const ANSWER: Message<object> = message({});

export const CHECK_AGENT: UnaryMethod<MessageOf<typeof REQUEST>, object> = {
  path: '/moby.sshforward.v1.SSH/CheckAgent',
  request: REQUEST,
  answer: ANSWER,
};

/** Pieces both ways. */
export const FORWARD_AGENT = '/moby.sshforward.v1.SSH/ForwardAgent';
/** Metadata that names the agent. */
export const AGENT_ID = 'buildkit.ssh.id';
