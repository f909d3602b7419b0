/** One structured line. `fields` never hold secrets. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Record<string, string | number | boolean | undefined>;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** A log that writes `time=… level=… msg=… key=value` lines (logfmt) to `write`. */
export function createLog(write: (line: string) => void, level: LogLevel = 'info'): Log {
  const threshold = LEVELS.indexOf(level);
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LEVELS.indexOf(own) < threshold) return;
      const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
      const tail = pairs.map(([key, value]) => ` ${key}=${quote(String(value))}`).join('');
      write(`time=${new Date().toISOString()} level=${own} msg=${quote(message)}${tail}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A log for tests and tools that have nobody to tell. */
export const silentLog: Log = createLog(() => {}, 'error');

function quote(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : JSON.stringify(text);
}
