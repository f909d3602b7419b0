import { findRequest } from '../example-request.ts';
import type { Subject } from './contract.ts';
import type { Sending } from './send.ts';

/** A request for predictions, and whether it should be understood. */
export interface Example {
  sending: Sending;
  isKnown: boolean;
}

/** The person's own request, else one that the service describes, else an empty object. */
export async function exampleFor(subject: Subject, path: string): Promise<Example> {
  const { request } = subject.options;
  const of = (body: string | Uint8Array, contentType: string): Sending => {
    const headers = { 'Content-Type': contentType, Accept: '*/*' };
    return { method: 'POST', path, headers, body, timeoutMs: 60_000 };
  };
  if (request !== undefined) return { sending: of(request.body, request.contentType), isKnown: true };
  const found = await findRequest({ host: '127.0.0.1', port: subject.port }, []).catch(() => undefined);
  if (found?.body !== undefined) return { sending: of(found.body, 'application/json'), isKnown: true };
  return { sending: of('{}', 'application/json'), isKnown: false };
}
