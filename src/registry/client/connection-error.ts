import { BerthError, CancelledError, UnavailableError } from '#lib/errors.ts';

/** No byte moved for too long. */
export class StalledError extends UnavailableError {
  constructor(stallMs: number) {
    super(`the connection stalled: nothing came for ${Math.round(stallMs / 100) / 10} s`);
  }
}

/** Nobody took the connection. It is not tried again: a firewall that drops packets would make everything wait. */
export class ConnectTimeoutError extends UnavailableError {
  constructor(connectMs: number) {
    super(`no answer within ${connectMs / 1000} s`);
  }
}

interface SystemError {
  code?: string;
  message?: string;
  name?: string;
}

const LOST = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE', 'UND_ERR_SOCKET']);

/** Whether trying again may help. */
export function isConnectionLoss(error: unknown): boolean {
  const cause = error instanceof UnavailableError ? error.cause : error;
  const { code, message } = (cause ?? {}) as SystemError;
  return (
    error instanceof StalledError ||
    cause instanceof StalledError ||
    LOST.has(code ?? '') ||
    message === 'aborted' ||
    message === 'socket hang up'
  );
}

/** Whether the other side does not speak TLS. */
export function isPlainHttpAnswer(error: unknown): boolean {
  const { code, message = '' } = ((error as { cause?: unknown }).cause ?? {}) as SystemError;
  return code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER' || /wrong version number/i.test(message);
}

/** What happened to a connection, in words that say what to do. */
export function connectionError(error: unknown, url: URL, signal: AbortSignal | undefined): BerthError {
  if (signal?.aborted === true) return new CancelledError('cancelled', { cause: error });
  const isOurs = error instanceof StalledError || error instanceof ConnectTimeoutError;
  if (error instanceof BerthError && !isOurs) return error;
  const { code = '', message = String(error) } = error as SystemError;
  const { why, hint } = explain(code, message, url);
  return new UnavailableError(`cannot reach the registry at ${url.host}: ${why}`, { why, hint, cause: error });
}

function explain(code: string, message: string, url: URL): { why: string; hint: string } {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return {
      why: `no such host: ${url.hostname}`,
      hint: 'check the name and this host’s DNS; without a registry, load images from an archive (berth load) or make a stand-in of Debian packages (berth base ls)',
    };
  if (code === 'ECONNREFUSED')
    return { why: 'connection refused', hint: 'check that the registry runs and that the port is right' };
  if (/CERT|SIGNATURE|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code))
    return {
      why: `its certificate is not trusted (${message})`,
      hint: `put its authority into /etc/docker/certs.d/${url.host}/ca.crt or into the host's store, or allow it with --insecure-registry ${url.host}`,
    };
  if (code === 'EPROTO')
    return {
      why: 'it does not speak TLS',
      hint: `if it is meant to be without TLS, allow that with --insecure-registry ${url.host}`,
    };
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH')
    return { why: 'no route to the host', hint: 'check the network of this host' };
  return { why: message, hint: 'try again; if it stays, check the network and the registry' };
}
