import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { InternalError } from '#lib/errors.ts';
import { readTree } from '../support/image-archive.ts';
import type { CommandResult } from '../support/engine.ts';

/** What is compared of an image. */
export interface ImageFacts {
  config: Record<string, unknown>;
  history: string[];
  /** A line for each path; without times. */
  tree: string[];
}

export type Docker = (...words: string[]) => Promise<CommandResult>;

/** What an engine makes in every container. */
const MADE = /^(?:\.dockerenv|(?:dev|proc|sys)(?:\/.*)?|etc(?:\/(?:hosts|hostname|resolv\.conf|mtab))?):/;

/** Reads an image through the client. `folder` takes the tree for a moment. */
export async function imageFacts(docker: Docker, image: string, folder: string): Promise<ImageFacts> {
  const must = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await docker(...words);
    if (code !== 0) throw new InternalError(`docker ${words.join(' ')}: ${stderr}`);
    return stdout;
  };
  const [inspected] = JSON.parse(await must('inspect', image)) as [Record<string, unknown>];
  const format = '{{.CreatedBy}} ({{.Comment}})';
  const history = (await must('history', '--no-trunc', '--format', format, image)).trimEnd().split('\n');
  const id = (await must('create', '--network', 'none', image, 'none')).trim();
  const path = join(folder, 'tree.tar');
  try {
    await must('export', '-o', path, id);
  } finally {
    await must('rm', '-f', id);
  }
  const tree = await readTree(createReadStream(path));
  const lines = [...tree].map(
    ([name, line]) => `${name}: ${line.startsWith('file ') ? line.replace(/ \d+$/, '') : line}`,
  );
  return {
    config: { ...(inspected['Config'] as object), Author: inspected['Author'], Os: inspected['Os'] },
    history: history.toReversed().map(portsInOrder),
    tree: lines.filter((line) => !MADE.test(line)).toSorted(),
  };
}

/** BuildKit writes the ports of a line in any order. */
function portsInOrder(line: string): string {
  return line.replace(/^EXPOSE \[(.*)\]/, (_, ports: string) => `EXPOSE [${ports.split(' ').toSorted().join(' ')}]`);
}
