import {
  type BerthError,
  InvalidArgumentError,
  NotFoundError,
  PermissionDeniedError,
  TooLargeError,
  UnauthenticatedError,
  UnavailableError,
} from '#lib/errors.ts';
import { readBody, type WireResponse } from './wire.ts';

const BODY_LIMIT_BYTES = 64 * 1024;

/** Answers to HEAD have no body; these are the words that the others have. */
const UNSAID: Readonly<Record<number, string>> = {
  401: 'unauthorized: authentication required',
  403: 'denied: requested access to the resource is denied',
};

interface RegistryError {
  code: string;
  message: string;
}

/** The kind of error that an answer stands for (OCI distribution-spec, error codes); reads its body. `what` says what was tried. */
export async function responseError(response: WireResponse, what: string): Promise<BerthError> {
  const errors = await readErrors(response);
  const told = errors.map(({ code, message }) =>
    [code.toLowerCase().replaceAll('_', ' '), message].filter(Boolean).join(': '),
  );
  const { status } = response;
  const said = told.join('; ') || UNSAID[status];
  const text = `${what}: ${said ?? `the registry answered ${status}`}`;
  const details = { why: said ?? `${response.url.host} answered with status ${status}` };
  if (status === 401)
    return new UnauthenticatedError(text, {
      ...details,
      hint: 'log in to the registry first (login), or check the password',
    });
  if (status === 403)
    return new PermissionDeniedError(text, { ...details, hint: 'the user that is logged in lacks this right' });
  if (status === 404) return new NotFoundError(text, details);
  if (status === 413) return new TooLargeError(text, details);
  if (status === 429)
    return new UnavailableError(`${what}: toomanyrequests: ${told.join('; ') || 'too many requests'}`, {
      ...details,
      hint: `${limits(response)}wait, or log in for a higher limit`,
    });
  if (status >= 500)
    return new UnavailableError(text, { ...details, hint: 'the registry has a problem; try again later' });
  return new InvalidArgumentError(text, details);
}

async function readErrors(response: WireResponse): Promise<RegistryError[]> {
  const body = await readBody(response, BODY_LIMIT_BYTES).catch(() => Buffer.alloc(0));
  try {
    const document = JSON.parse(body.toString()) as { errors?: unknown; details?: unknown; error?: unknown };
    if (Array.isArray(document.errors))
      return document.errors.map((error: Partial<RegistryError>) => ({
        code: printable(error.code),
        message: printable(error.message),
      }));
    const message = printable(document.details ?? document.error);
    return message === '' ? [] : [{ code: '', message }];
  } catch {
    return [];
  }
}

/** Texts of strangers go to terminals. */
function printable(text: unknown): string {
  // oxlint-disable-next-line no-control-regex -- a registry's text must not steer a terminal
  return typeof text === 'string' ? text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, 500) : '';
}

function limits({ headers }: WireResponse): string {
  const retry = headers['retry-after'];
  return typeof retry === 'string' && /^\d+$/.test(retry) ? `the registry asks to wait ${retry} s; ` : '';
}
