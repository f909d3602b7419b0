import type { EventAnswer } from '#api/answers.ts';
import { engineEvents } from '#client/system.ts';
import { CancelledError } from '#lib/errors.ts';
import { defineCommand } from '../../command.ts';
import { filterTable } from '../../filters.ts';
import { cleanLine } from '../../output/text.ts';
import { compileTemplate } from '../../output/template.ts';
import { pointInTime } from '../../point-in-time.ts';

/** `berth events` */
export const events = defineCommand({
  usage: '[options]',
  options: {
    filter: { kind: 'list', short: 'f', value: 'KEY=VALUE', help: 'Only those that match: event=die, container=web' },
    format: { kind: 'text', value: 'FORMAT', help: 'json, or a template such as {{.Action}}' },
    since: { kind: 'text', value: 'TIME', help: 'From a time on, or so long ago: 10m' },
    until: { kind: 'text', value: 'TIME', help: 'Up to a time' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output, signal }, { options }) {
    const { format } = options;
    const since = pointInTime('since', options.since);
    const until = pointInTime('until', options.until);
    const filters = filterTable(options.filter);
    const render = format === undefined || format === 'json' ? undefined : compileTemplate(format);
    try {
      const stream = engineEvents(await client(), { since, until, filters, signal });
      for await (const event of stream) {
        if (format === 'json') output.line(JSON.stringify(event));
        else output.line(render === undefined ? eventLine(event) : render(event));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new CancelledError('stopped listening', { cause: error });
    }
    return 0;
  },
});

function eventLine({ Type, Action, Actor, time, timeNano }: EventAnswer): string {
  const attributes = Object.entries(Actor.Attributes ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
  const nanos = String(Math.round(timeNano % 1e9)).padStart(9, '0');
  const when = new Date(time * 1000).toISOString().replace(/\.\d+Z$/, `.${nanos}Z`);
  return cleanLine(`${when} ${Type} ${Action} ${Actor.ID}${attributes === '' ? '' : ` (${attributes})`}`);
}
