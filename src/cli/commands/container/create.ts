import { defineCommand } from '../../command.ts';
import { createBody } from '../../container/create-body.ts';
import { createWithImage } from '../../container/create-with-image.ts';
import { CONTAINER_OPTIONS } from '../../container/options.ts';
import { terminalSize } from '../../container/session.ts';

/** `berth create`: prints the id. */
export const create = defineCommand({
  usage: '[options] IMAGE [COMMAND] [ARG...]',
  options: CONTAINER_OPTIONS,
  words: { min: 1 },
  stopAtFirstWord: true,
  async run(context, { options, words: [image = '', ...command] }) {
    const attach = { stdin: options.interactive, stdout: true, stderr: true };
    const body = createBody(options, { image, command, attach, consoleSize: terminalSize(context.output) });
    const hostCa = options['host-ca'] !== undefined && options['host-ca'] !== 'off';
    context.output.line(await createWithImage(context, { ...options, body, image, hostCa }));
    return 0;
  },
});
