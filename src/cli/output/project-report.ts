import type { Report } from '#project/report.ts';
import type { Output } from './output.ts';
import { cleanOutput } from './text.ts';

/** How train and serve are told: steps on standard error, what the person's program writes where it wrote it. */
export function openProjectReport(output: Output, { verbose }: { verbose: boolean }): Report {
  const style = output.style('stderr');
  const colours = output.stderr.isTTY;
  const text = (line: string): void =>
    void output.stderr.write(`${style('dim', cleanOutput(line, { colours: false }))}\n`);
  return {
    say: (line) => output.note(`${style('cyan', '==>')} ${line}`),
    warn: (line) => output.warn(line),
    detail: (line) => {
      if (verbose || /^Step \d+\/\d+ :/.test(line)) text(`    ${line}`);
    },
    quote: (lines) => {
      for (const line of lines) text(`    ${line}`);
    },
    output: (bytes, stream) => void output[stream].write(cleanOutput(Buffer.from(bytes).toString('utf8'), { colours })),
  };
}
