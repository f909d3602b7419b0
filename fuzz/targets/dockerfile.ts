import { DockerfileError } from '../../src/dockerfile/dockerfile-error.ts';
import { formatDockerfile } from '../../src/dockerfile/format-dockerfile.ts';
import { lintDockerfile } from '../../src/dockerfile/lint/lint-dockerfile.ts';
import { outline } from '../../src/dockerfile/outline.ts';
import { type Program, readDockerfile } from '../../src/dockerfile/program.ts';
import { printAst } from '../../src/dockerfile/print/print-ast.ts';
import { parseDockerfile } from '../../src/dockerfile/parse.ts';
import { planOfGraph } from '../../src/dockerfile/print/printable-plan.ts';
import { printPlan } from '../../src/dockerfile/print/print-plan.ts';
import { stageGraph } from '../../src/dockerfile/stage-graph.ts';
import { defectOfError } from '../defect.ts';
import { mutateBytes } from '../mutate.ts';
import type { Checked, FuzzTarget } from '../target.ts';
import { pick } from '../../soak/support.ts';

const LINES = [
  'FROM python:3.12-slim AS build\n',
  'FROM --platform=$BUILDPLATFORM scratch\n',
  'from build as other\n',
  'FROM $BASE\n',
  'ARG BASE=alpine:3\n',
  'ARG A=1 B="x y" C\n',
  'ENV A=1 B=$A C="${A:-x}"\n',
  'ENV name value with blanks\n',
  'LABEL a=b "c d"=e\n',
  'RUN --mount=type=cache,target=/root/.cache,sharing=locked pip install torch==2.4 \\\n  # inside\n  -r requirements.txt\n',
  'RUN --mount=type=secret,id=a,env=B --network=none ["a", "b"]\n',
  'RUN <<EOF\napt-get update\n$A\nEOF\n',
  'RUN <<-"E 1" cat\n\tx\n\tE 1\n',
  'COPY --from=build --chown=1:1 --link a b /c/\n',
  'COPY <<A <<B /x/\none\nA\ntwo\nB\n',
  'COPY . .\n',
  'ADD --checksum=sha256:00 https://example.com/a /b\n',
  'ONBUILD COPY --from=x . /y\n',
  'HEALTHCHECK --interval=1m30s CMD curl x || exit 1\n',
  'HEALTHCHECK NONE\n',
  'EXPOSE 80/TCP 1-2 $P 127.0.0.1:1:2\n',
  'VOLUME ["/a", "/b c"]\n',
  'SHELL ["/bin/bash", "-c"]\n',
  'CMD python app.py\n',
  'ENTRYPOINT ["python"]\n',
  'WORKDIR a/${B%%x*}/${C//a/b}\n',
  'USER $U:1\n',
  'STOPSIGNAL 9\n',
  '# escape=`\n',
  '# syntax=docker/dockerfile:1\n',
  '# check=skip=all;error=true\n',
  '# A what it is for\n',
  '\n',
  '\\\n',
  '\t \n',
] as const;

/** The Dockerfile's language: errors are ours and say where; what is printed reads as the same. */
export const dockerfileTarget: FuzzTarget = {
  name: 'dockerfile',
  rounds: 200_000,
  open: async () => ({
    make(random) {
      const count = 1 + Math.floor(random() * 12);
      const text = Array.from({ length: count }, () => pick(random, LINES)).join('');
      const whole = Buffer.from(random() < 0.7 ? `FROM alpine:3\n${text}` : text);
      return random() < 0.8 ? mutateBytes(random, whole) : whole;
    },
    check: async (input) => check(input.toString('utf8')),
    [Symbol.asyncDispose]: async () => {},
  }),
};

function check(text: string): Checked {
  let program: Program;
  try {
    program = readDockerfile(text);
  } catch (error) {
    const isOurs = error instanceof DockerfileError && error.location.line >= 1 && error.location.column >= 1;
    return { isTaken: false, defect: isOurs ? undefined : (defectOfError(error) ?? `no place: ${String(error)}`) };
  }
  try {
    printAst(parseDockerfile(text));
    printPlan(planOfGraph(stageGraph(program)));
    outline(program);
    lintDockerfile(program, { isForAll: true });
    const printed = formatDockerfile(program);
    const again = readDockerfile(printed);
    const isSame = shapeOf(again) === shapeOf(program) && formatDockerfile(again) === printed;
    return { isTaken: true, defect: isSame ? undefined : `printed, it reads otherwise:\n${text}\n---\n${printed}` };
  } catch (error) {
    return { isTaken: true, defect: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** What was read, without places and comments. */
function shapeOf({ stages, globalArgs }: Program): string {
  return JSON.stringify([globalArgs, stages], (key, value: unknown) =>
    ['line', 'endLine', 'comments', 'original'].includes(key) ? undefined : value,
  );
}
