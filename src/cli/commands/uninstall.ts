import { PermissionDeniedError } from '#lib/errors.ts';
import { defineCommand } from '../command.ts';
import { confirm } from '../output/confirm.ts';
import { clearFolders } from '../uninstall/clear-folders.ts';
import { clearNetwork } from '../uninstall/clear-network.ts';
import { addedPackages, removePackages } from '../uninstall/packages.ts';
import { findPlaces } from '../uninstall/places.ts';
import { stopProcesses } from '../uninstall/stop-processes.ts';

/** `berth uninstall` */
export const uninstall = defineCommand({
  usage: '[options]',
  details:
    'Takes away containers, images, volumes, networks and the engine. The folder of the program itself stays: remove it by hand.',
  options: {
    'data-root': { kind: 'text', value: 'FOLDER', help: 'Folder of images, containers and volumes (/var/lib/berth)' },
    'exec-root': { kind: 'text', value: 'FOLDER', help: 'Folder of run-time state (/run/berth)' },
    purge: { kind: 'flag', help: 'Also the system packages that were installed for Berth' },
    yes: { kind: 'flag', short: 'y', help: 'Do not ask' },
  },
  words: { min: 0, max: 0 },
  async run({ output }, { options }) {
    if (process.getuid?.() !== 0)
      throw new PermissionDeniedError('uninstall needs root', {
        why: 'mounts, networks and packages belong to root',
        hint: 'sudo berth uninstall',
      });
    const places = await findPlaces(options['data-root'] ?? '/var/lib/berth', options['exec-root'] ?? '/run/berth');
    const packages = options.purge ? await addedPackages() : [];
    const what = [
      'all containers, running ones too',
      `all images, volumes and settings in ${places.dataRoot}`,
      'all its networks and firewall rules',
      ...(packages.length > 0 ? [`the packages ${shortened(packages)}`] : []),
    ];
    if (!options.yes && !(await confirm(output, `This removes:\n${what.map((line) => `  - ${line}`).join('\n')}`)))
      return 1;
    for (const step of [stopProcesses, clearNetwork, clearFolders])
      for (const gone of await step(places)) output.line(`removed ${gone}`);
    if (packages.length === 0) return 0;
    const removed = await removePackages(packages);
    if (removed.length > 0) output.line(`removed the packages ${shortened(removed)}`);
    const kept = packages.filter((name) => !removed.includes(name));
    if (kept.length > 0) output.line(`kept, because other packages need them: ${kept.join(' ')}`);
    return 0;
  },
});

const NAMED = 20;

/** A system's npm brings hundreds of packages along. */
function shortened(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return rest > 0 ? `${names.slice(0, NAMED).join(' ')} and ${rest} more` : names.join(' ');
}
