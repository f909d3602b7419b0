import { DockerfileError } from '#dockerfile/dockerfile-error.ts';
import { StepFailure } from '#engine/builder/steps/step-failure.ts';
import { BerthError, CancelledError, NotImplementedError } from '#lib/errors.ts';
import { fullDisk } from '#lib/full-disk.ts';
import { CODES, codeOf, type GrpcStatus } from '#lib/grpc/status.ts';

/** A build's error as a peer told it, or as it goes to one: passed on as it came. */
export class StatusError extends BerthError {
  readonly code = 'status';
  readonly status: GrpcStatus;

  constructor(status: GrpcStatus) {
    super(status.message);
    this.status = status;
  }
}

/** Where in a Dockerfile something went wrong. */
export interface FailedPlace {
  file: string;
  text: string;
  /** From 1. */
  lines: { start: number; end: number };
}

/** What clients know the type of a place by; its value is JSON. */
const SOURCE_TYPE = 'github.com/moby/buildkit/errdefs.Source+json';

/** An error as BuildKit's clients show it: one message, and the place that they print the lines of. */
export function describeError(thrown: unknown, place?: FailedPlace): GrpcStatus {
  if (thrown instanceof StatusError) return thrown.status;
  const error = fullDisk(thrown) ?? thrown;
  const found = error instanceof DockerfileError ? placeOf(error) : place;
  return {
    code: statusCode(error),
    message: messageOf(error),
    details: found === undefined ? [] : [sourceDetail(found)],
  };
}

/** Clients write the code before the message unless it is `unknown`, which is what builds end with. */
function statusCode(error: unknown): number {
  const code = codeOf(error);
  if (code === CODES.cancelled || code === CODES.deadlineExceeded) return code;
  return error instanceof NotImplementedError ? code : CODES.unknown;
}

function messageOf(error: unknown): string {
  if (error instanceof StepFailure) return withHint(stepMessage(error), error);
  if (error instanceof DockerfileError)
    return withHint(`dockerfile parse error on line ${error.location.line}: ${error.summary}`, error);
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error instanceof CancelledError) return 'context canceled';
  if (!(error instanceof BerthError)) return error.message;
  // An error that was given its place has the lines in its reason, which clients print themselves.
  const bare = error.cause instanceof BerthError && error.cause.message === error.message ? error.cause : error;
  const why = bare.why ?? '';
  return withHint(error.message.includes(why) ? error.message : `${error.message}\n${why}`, error);
}

function withHint(message: string, { hint }: BerthError): string {
  return hint === undefined ? message : `${message}\n${hint}`;
}

function stepMessage({ command, exitCode }: StepFailure): string {
  return `process "${command}" did not complete successfully: exit code: ${exitCode}`;
}

function placeOf({ source, location }: DockerfileError): FailedPlace {
  return {
    file: source.file,
    text: `${source.lines.join('\n')}\n`,
    lines: { start: location.line, end: Math.max(location.line, location.endLine) },
  };
}

/** Trailers are small: of a long file only the lines around the place are sent, the others are empty. */
const LONG_FILE = 32 * 1024;
const LINES_AROUND = 20;

function shownText({ text, lines: { start, end } }: FailedPlace): string {
  if (text.length <= LONG_FILE) return text;
  const isNear = (number: number): boolean => number >= start - LINES_AROUND && number <= end + LINES_AROUND;
  return text
    .split('\n')
    .map((line, index) => (isNear(index + 1) ? line.slice(0, LONG_FILE / LINES_AROUND) : ''))
    .join('\n');
}

function sourceDetail(place: FailedPlace): GrpcStatus['details'][number] {
  const { file, lines } = place;
  const value = {
    info: { filename: file, data: Buffer.from(shownText(place)).toString('base64'), language: 'Dockerfile' },
    ranges: [{ start: { line: lines.start }, end: { line: lines.end } }],
  };
  return { typeUrl: SOURCE_TYPE, value: Buffer.from(JSON.stringify(value)) };
}
