import type { Report } from '#project/report.ts';
import type { Output } from './output.ts';
import { cleanOutput } from './text.ts';

/** Steps that take time; the others are not worth a line. */
const WORTH_A_LINE = /^Step \d+\/\d+ : (RUN|COPY|ADD)\b/;

export interface ProjectReportOptions {
  /** Show all that builds write. */
  verbose: boolean;
  /** Standard output is for the result alone. */
  keepStdout: boolean;
}

/** How train and serve are told: steps on standard error, what the person's program writes where it wrote it. */
export function openProjectReport(output: Output, { verbose, keepStdout }: ProjectReportOptions): Report {
  const style = output.style('stderr');
  const colours = output.stderr.isTTY;
  const text = (line: string): void =>
    void output.stderr.write(`    ${style('dim', cleanOutput(line, { colours: false }))}\n`);
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let step: string | undefined;
  const detail = (line: string): void => {
    if (verbose) text(line);
    else if (line.startsWith('Step ')) step = WORTH_A_LINE.test(line) ? line : undefined;
    else if (step !== undefined) {
      if (line !== ' ---> Using cache') text(step.replace(/^Step \S+ : /, ''));
      step = undefined;
    }
  };
  return {
    say: (line) => output.note(`${style('cyan', '==>')} ${line}`),
    warn: (line) => output.warn(line),
    detail,
    quote: (lines) => lines.forEach(text),
    output: (bytes, stream) => {
      const read = decoders[stream].decode(bytes, { stream: true });
      output[keepStdout ? 'stderr' : stream].write(cleanOutput(read, { colours }));
    },
  };
}
