import { describe, expect, test } from 'vitest';
import escapes from './cases/escape-directive.json' with { type: 'json' };
import heredocWords from './cases/heredoc-words.json' with { type: 'json' };
import heredocs from './cases/heredocs.json' with { type: 'json' };
import jsonForm from './cases/json-form.json' with { type: 'json' };
import lines from './cases/lines-continuation-comments.json' with { type: 'json' };
import syntaxes from './cases/syntax-directive.json' with { type: 'json' };
import instructionWords from './cases/instruction-words.json' with { type: 'json' };
import { detectSyntax } from './directives.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { type Heredoc, parseHeredoc } from './heredoc.ts';
import { INSTRUCTIONS, parseDockerfile } from './parse.ts';

interface FileCase {
  in: string;
  error?: boolean;
  out?: object[];
}

/** The parse in the notation of the cases: empty fields are left out. */
function notation(text: string): object[] {
  const { nodes, warnings } = parseDockerfile(text);
  const out: object[] = nodes.map((node) => {
    const args = INSTRUCTIONS.includes(node.instruction) && node.instruction !== 'ONBUILD' ? node.args : [''];
    return {
      ...(args.length > 0 && { args }),
      ...(node.flags.length > 0 && { flags: node.flags }),
      ...(node.heredocs.length > 0 && { heredocs: node.heredocs.map(heredocNotation) }),
      i: node.instruction,
      ...(node.isJson && { json: true }),
      ...(node.endLine > node.line && { lines: [node.line, node.endLine] }),
    };
  });
  return warnings.length > 0 ? [...out, { warnings: warnings.length }] : out;
}

function heredocNotation({ name, content, expand, stripTabs, descriptor }: Heredoc): object {
  return { content, expand, name, ...(stripTabs && { strip_tabs: true }), ...(descriptor > 0 && { fd: descriptor }) };
}

function checkFile(given: FileCase): void {
  if (given.error === true) expect(() => parseDockerfile(given.in)).toThrow(DockerfileError);
  else expect(notation(given.in)).toEqual(given.out);
}

describe('a file is read as the reference does', () => {
  test.each(lines.cases as FileCase[])('lines: $in', checkFile);
  test.each(escapes.cases as FileCase[])('escape directive: $in', checkFile);
  test.each(heredocs.cases as FileCase[])('heredocs: $in', checkFile);
  test.each(instructionWords.cases as FileCase[])('words: $in', checkFile);
});

test.each(syntaxes.cases as { in: string; found: boolean; image?: string; cmdline?: string }[])(
  'the front end is found as the reference does: $in',
  (given) => {
    const expected = given.found ? { image: given.image, value: given.cmdline } : undefined;
    expect(detectSyntax(given.in)).toEqual(expected);
  },
);

test.each(jsonForm.cases as { in: string; args?: string[]; json?: boolean; shell?: string; error?: boolean }[])(
  'the JSON form is told from the shell form: $in',
  (given) => {
    const read = () => parseDockerfile(`CMD ${given.in}`).nodes[0];
    if (given.error === true) expect(read).toThrow(DockerfileError);
    else if (given.json === true) expect(read()).toMatchObject({ args: given.args, isJson: true });
    else expect(read()).toMatchObject({ args: [given.shell], isJson: false });
  },
);

test.each(heredocWords.cases as { in: string; without_body: string; words_that_are_heredocs?: string[] }[])(
  'a word opens a heredoc as in the reference: $in',
  (given) => {
    if (given.without_body === 'error') expect(() => parseDockerfile(given.in)).toThrow('unterminated heredoc');
    else expect(() => parseDockerfile(given.in)).not.toThrow();
    const names = given.in
      .split(' ')
      .map((word) => parseHeredoc(word)?.name)
      .filter((name) => name !== undefined);
    expect(names).toEqual(given.words_that_are_heredocs ?? []);
  },
);

test('an error shows the place, the lines around it and a caret', () => {
  const text = 'FROM a\nRUN x\nENV a=b \\\n  c\nRUN y\n';
  expect(() => parseDockerfile(text, 'app/Dockerfile')).toThrow(
    [
      `dockerfile parse error on line 3: Syntax error - can't find = in "c". Must be of the form: name=value`,
      'app/Dockerfile:3:1',
      '  1 | FROM a',
      '  2 | RUN x',
      '> 3 | ENV a=b \\',
      '    | ^^^',
      '> 4 |   c',
      '  5 | RUN y',
    ].join('\n'),
  );
});

test('what is no text is told so, and not shown', () => {
  expect(() => parseDockerfile('\u001f\b\0\0FROM a\n', 'weights.bin')).toThrow(
    /the Dockerfile \(weights\.bin\) is not text\nweights\.bin:1:1$/,
  );
});

test('a caret line is not longer than what is shown above it', () => {
  expect(() => parseDockerfile(`ENV a=b ${'c'.repeat(500)}\n`)).toThrow(/ a=b c{152}\n {4}\| {1,9}\^{152,160}$/);
});
