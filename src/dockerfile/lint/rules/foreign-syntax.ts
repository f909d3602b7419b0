import { askedSyntax } from '../../syntax.ts';
import type { Rule } from '../rule.ts';

/** The file asks for another language, or for a level of it that is not known here. */
export const foreignSyntax: Rule = {
  code: 'ForeignSyntax',
  severity: 'warning',
  description: '# syntax= names a language that is understood here',
  isPublic: false,
  *check({ program: { source }, reading }) {
    const asked = askedSyntax(source.lines.join('\n'), reading.buildArgs ?? new Map());
    if (asked === undefined || (asked.isOurs && asked.newerLevel === undefined)) return;
    const line = source.lines.findIndex((text) => text.includes(asked.image)) + 1;
    yield {
      node: line === 0 ? undefined : { line, endLine: line, comments: [] },
      piece: asked.image,
      message: asked.isOurs
        ? `the file asks for level ${asked.newerLevel ?? ''} of the language, which is newer than what is known here`
        : `the file asks to be read by ${asked.image}; it is read as a Dockerfile here, by the builder itself`,
      fix: 'remove the line if the file is an ordinary Dockerfile',
    };
  },
};
