import { buildBase } from '#project/base/build-base.ts';
import { listBases } from '#project/base/list-bases.ts';
import { RECIPES, recipeFor } from '#project/base/recipes.ts';
import { defineCommand } from '../command.ts';
import { agoText, sizeText } from '../output/quantities.ts';

/** `berth base build` */
export const build = defineCommand({
  usage: '[options] NAME...|all',
  details: `Makes stand-ins for official images of Debian packages, for machines that reach no registry, and gives them these very names.
Needs root and the package mmdebstrap. What was made is kept, so that the next time is quick.`,
  options: {
    fresh: { kind: 'flag', help: 'fetch the packages anew, although a stand-in is kept' },
    quiet: { kind: 'flag', short: 'q', help: 'print only the ids' },
  },
  words: { min: 1 },
  async run(context, { options, words }) {
    const { output, signal } = context;
    const names = words.includes('all') ? RECIPES.map(({ name }) => name) : words;
    for (const name of names) recipeFor(name);
    const client = await context.client();
    const { stderr } = output;
    for (const name of names) {
      if (!options.quiet) output.note(`${output.style('stderr')('bold', name)}: a stand-in made of Debian packages`);
      const onProgress = options.quiet ? undefined : (line: string) => void stderr.write(`  ${line}\n`);
      const built = await buildBase(client, name, { signal, onProgress, fresh: options.fresh });
      const python = built.pythonVersion === undefined ? '' : `, Python ${built.pythonVersion}`;
      if (options.quiet) output.line(built.id);
      else output.line(`${name} is ready after ${built.seconds.toFixed(1)} s${python}`);
    }
    return 0;
  },
});

/** `berth base ls` */
export const ls = defineCommand({
  usage: '[options]',
  options: { json: { kind: 'flag', help: 'print JSON' } },
  words: { min: 0, max: 0 },
  async run(context, { options }) {
    const bases = await listBases(await context.client());
    if (options.json) {
      context.output.line(JSON.stringify(bases));
      return 0;
    }
    context.output.table(
      [
        { title: 'NAME', text: ({ name }) => name },
        { title: 'HERE', text: ({ state }) => (state === 'absent' ? '-' : state) },
        { title: 'SIZE', text: ({ size }) => (size === undefined ? '-' : sizeText(size)) },
        { title: 'MADE', text: ({ made }) => (made === undefined ? '-' : agoText(made)) },
      ],
      bases,
    );
    return 0;
  },
});
