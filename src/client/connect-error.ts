import { type BerthError, CancelledError, PermissionDeniedError, UnavailableError } from '#lib/errors.ts';
import { type EngineAddress, formatEngineAddress } from './address.ts';

/** What a failed connection means for the person who wanted it. */
export function connectError(address: EngineAddress, error: unknown): BerthError {
  const place = formatEngineAddress(address);
  const { code = '', message = '', name } = error as { code?: string; message?: string; name?: string };
  if (name === 'AbortError') return new CancelledError('cancelled', { cause: error });
  if (code === 'EACCES' || code === 'EPERM')
    return new PermissionDeniedError(`no access to the engine at ${place}`, {
      why: 'your user may not open its socket',
      hint: 'run the command as root, or join the group that owns the socket',
      cause: error,
    });
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return new UnavailableError(`no engine at ${place}`, {
      why: 'nothing listens there',
      hint: 'start it with: sudo berth engine run',
      cause: error,
    });
  if (code === 'ECONNRESET' || code === 'EPIPE' || message === 'socket hang up')
    return new UnavailableError(`the engine at ${place} closed the connection`, {
      why: 'it stopped, or was stopped, while it worked on the request',
      hint: 'see berth engine status',
      cause: error,
    });
  if (code.startsWith('ERR_TLS') || code.includes('CERT') || code.startsWith('EPROTO') || code.startsWith('ERR_SSL'))
    return new UnavailableError(`no trusted connection to the engine at ${place}`, {
      why: message,
      hint: 'check --tlscacert, --tlscert and --tlskey',
      cause: error,
    });
  return new UnavailableError(`the engine at ${place} cannot be reached`, {
    why: message || code,
    hint: 'check the address given with --host or BERTH_HOST',
    cause: error,
  });
}

/** Whether nothing listens at the address, so that an engine could be started there. */
export function isNobodyThere(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as { code?: string };
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}
