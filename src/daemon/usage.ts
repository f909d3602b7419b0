import { OPTIONS } from './options.ts';

/** What `berthd engine run --help` prints. */
export function usage(): string {
  const lines = OPTIONS.map(({ flag, short, kind, text }) => {
    const names = `${short === undefined ? '    ' : `-${short}, `}--${flag}${kind === 'boolean' ? '' : ' VALUE'}`;
    const repeat = kind === 'list' || kind === 'pools' ? ' (repeatable)' : '';
    return `  ${names.padEnd(34)}${text}${repeat}`;
  });
  return `Usage: berthd engine run [FLAGS]\n       berthd engine purge [FLAGS]\n\nrun serves the Engine API until it is told to stop; containers run on.\npurge takes away everything an engine that does not run has on this host.\n\n${lines.join('\n')}\n`;
}
