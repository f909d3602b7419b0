import * as errors from '#lib/errors.ts';

/** An error on its way between threads. */
export interface SentError {
  kind: string;
  message: string;
  why: string | undefined;
  hint: string | undefined;
}

type Kind = new (message: string, options: { why?: string; hint?: string }) => errors.BerthError;

export function sendError(error: unknown): SentError {
  const { name: kind, message } = error as Error;
  const { why, hint } = error as Partial<errors.BerthError>;
  return { kind, message, why, hint };
}

export function receiveError({ kind, message, why, hint }: SentError): errors.BerthError {
  const kinds = Object.entries(errors).filter(([name]) => name !== 'BerthError') as [string, Kind][];
  const [, Class] = kinds.find(([name]) => name === kind) ?? ['', errors.InternalError];
  return new Class(message, { ...(why !== undefined && { why }), ...(hint !== undefined && { hint }) });
}
