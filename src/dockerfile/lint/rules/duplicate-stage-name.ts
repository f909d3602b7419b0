import type { Rule } from '../rule.ts';

/** Of two stages of one name, only the last can be named. */
export const duplicateStageName: Rule = {
  code: 'DuplicateStageName',
  severity: 'warning',
  description: 'every stage has a name of its own',
  isPublic: true,
  *check({ all }) {
    const seen = new Map<string, number>();
    for (const { stage } of all) {
      const { name, node } = stage.from;
      if (name === undefined) continue;
      const first = seen.get(name);
      if (first === undefined) seen.set(name, node.line);
      else
        yield {
          node,
          piece: node.args[2] ?? name,
          message: `stage '${name}' is there already, on line ${first}`,
          fix: 'rename one of them',
        };
    }
  },
};
