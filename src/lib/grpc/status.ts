import { bytes, embedded, int32, repeated, string } from '#lib/protobuf/field.ts';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import { message, type MessageOf } from '#lib/protobuf/message.ts';
import {
  BerthError,
  CancelledError,
  ConflictError,
  DataLossError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  NotImplementedError,
  PermissionDeniedError,
  TooLargeError,
  UnauthenticatedError,
  UnavailableError,
} from '#lib/errors.ts';
import type { GrpcHeaders } from './metadata.ts';

/** gRPC, "Status codes and their use". */
export const CODES = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** google.protobuf.Any: a message with its type's address. */
export const ANY = message({ typeUrl: string(1), value: bytes(2) });
/** google.rpc.Status: how a call ended. */
export const STATUS = message({ code: int32(1), message: string(2), details: repeated(embedded(3, ANY)) });

/** How a call ended. */
export interface GrpcStatus {
  code: number;
  message: string;
  details: readonly MessageOf<typeof ANY>[];
}

const KINDS = [
  [InvalidArgumentError, CODES.invalidArgument],
  [UnauthenticatedError, CODES.unauthenticated],
  [PermissionDeniedError, CODES.permissionDenied],
  [NotFoundError, CODES.notFound],
  [ConflictError, CODES.alreadyExists],
  [TooLargeError, CODES.resourceExhausted],
  [UnavailableError, CODES.unavailable],
  [NotImplementedError, CODES.unimplemented],
  [CancelledError, CODES.cancelled],
  [DataLossError, CODES.dataLoss],
  [InternalError, CODES.internal],
] as const;

/** The code for an error of a kind; `unknown` for any other. */
export function codeOf(error: unknown): number {
  if (error instanceof Error && error.name === 'TimeoutError') return CODES.deadlineExceeded;
  if (error instanceof Error && error.name === 'AbortError') return CODES.cancelled;
  return KINDS.find(([Kind]) => error instanceof Kind)?.[1] ?? CODES.unknown;
}

/** How a call ends that threw. */
export function statusOfError(error: unknown): GrpcStatus {
  const { message: text, why, hint } = toError(error);
  const more = [why, hint].filter((part) => part !== undefined && part !== '');
  return { code: codeOf(error), message: [text, ...more].join('\n'), details: [] };
}

function toError(error: unknown): { message: string; why?: string | undefined; hint?: string | undefined } {
  if (error instanceof BerthError) return error;
  return { message: error instanceof Error ? error.message : String(error) };
}

/** The reverse, for callers: an error of the kind that the code means. */
export function errorOfStatus({ code, message: text }: Pick<GrpcStatus, 'code' | 'message'>): BerthError {
  const shown = text === '' ? `the call failed with code ${code}` : text;
  if (code === CODES.deadlineExceeded) return new UnavailableError(shown, { why: 'it took too long' });
  if (code === CODES.failedPrecondition || code === CODES.aborted) return new ConflictError(shown);
  if (code === CODES.outOfRange) return new InvalidArgumentError(shown);
  const Kind = KINDS.find(([, known]) => known === code)?.[0] ?? InternalError;
  return new Kind(shown);
}

/** Trailers that tell it. */
export function statusTrailers({ code, message: text, details }: GrpcStatus): GrpcHeaders {
  return {
    'grpc-status': String(code),
    ...(text !== '' && { 'grpc-message': escapeMessage(text) }),
    ...(details.length > 0 && {
      'grpc-status-details-bin': encodeMessage(STATUS, { code, message: text, details }).toString('base64'),
    }),
  };
}

/** What trailers tell; undefined if they tell nothing. */
export function readStatus(headers: Readonly<Record<string, unknown>>): GrpcStatus | undefined {
  const code = headers['grpc-status'];
  if (typeof code !== 'string' || !/^\d{1,3}$/.test(code)) return undefined;
  const text = headers['grpc-message'];
  const details = headers['grpc-status-details-bin'];
  return {
    code: Number(code),
    message: typeof text === 'string' ? unescapeMessage(text) : '',
    details: typeof details === 'string' ? readDetails(details) : [],
  };
}

function readDetails(text: string): GrpcStatus['details'] {
  try {
    return decodeMessage(STATUS, Buffer.from(text, 'base64')).details;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return [];
    throw error;
  }
}

/** Headers are small: a message that is longer loses its middle. */
const MESSAGE_LIMIT = 4096;

/** gRPC over HTTP/2, "Status-Message": all but printable ASCII is escaped. */
function escapeMessage(text: string): string {
  const half = MESSAGE_LIMIT / 2;
  const short = text.length > MESSAGE_LIMIT ? `${text.slice(0, half)}\n…\n${text.slice(-half)}` : text;
  let escaped = '';
  for (const byte of Buffer.from(short))
    escaped +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return escaped;
}

function unescapeMessage(text: string): string {
  const bytesOf: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const hex = /^%([0-9A-Fa-f]{2})/.exec(text.slice(at, at + 3))?.[1];
    if (hex === undefined) bytesOf.push(text.charCodeAt(at));
    else bytesOf.push(Number.parseInt(hex, 16));
    if (hex !== undefined) at += 2;
  }
  return Buffer.from(bytesOf).toString('utf8');
}
