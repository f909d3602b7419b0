import { DockerfileError } from '#dockerfile/dockerfile-error.ts';
import type { Finding } from '#dockerfile/lint/finding.ts';
import {
  answerDescribe,
  answerLint,
  answerOutline,
  answerTargets,
  type SubrequestAnswer,
} from '#dockerfile/subrequests.ts';
import type { BuildRequest } from '#engine/builder/request.ts';
import { NotImplementedError } from '#lib/errors.ts';
import type { RunningBuild } from './running-build.ts';

/** Answers what is asked about a Dockerfile instead of a build. @throws {NotImplementedError} {DockerfileError} */
export async function answerSubrequest(
  build: RunningBuild,
  ...[name, request]: [name: string, request: BuildRequest]
): Promise<Map<string, Uint8Array>> {
  const answer = await answerOf(build, name, request);
  return new Map(Object.entries(answer).map(([key, value]) => [key, Buffer.from(value)]));
}

async function answerOf(
  build: RunningBuild,
  ...[name, request]: [name: string, request: BuildRequest]
): Promise<SubrequestAnswer> {
  if (name === 'frontend.subrequests.describe') return answerDescribe();
  if (name === 'frontend.lint') return lint(build, request);
  if (name !== 'frontend.outline' && name !== 'frontend.targets')
    throw new NotImplementedError(`unsupported request ${name}`, {
      hint: 'check, outline and targets are answered',
    });
  const { program } = await build.prepare(request);
  if (name === 'frontend.targets') return answerTargets(program);
  return answerOutline(program, { target: request.target, buildArgs: request.buildArgs });
}

/** A Dockerfile that cannot be read at all is an answer too. */
async function lint(build: RunningBuild, request: BuildRequest): Promise<SubrequestAnswer> {
  const findings: Finding[] = [];
  try {
    const { program } = await build.prepare({ ...request, check: 'only' }, (event) => {
      if (event.kind === 'finding') findings.push(event.finding);
    });
    return answerLint(findings, program.source);
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    return answerLint(findings, error.source, error);
  }
}
