import type { AppFacts } from '../detect/app.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { foldersAbove } from '../detect/reach.ts';
import { hasFile } from '../files.ts';
import type { Command, Ways } from './start-command.ts';
import { serverOptions } from './server-options.ts';
import { below } from './start-place.ts';

const at = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** Django is served through its wsgi.py or asgi.py where a server for that is among the requirements, else by itself. */
export function djangoCommand(facts: ProjectFacts, app: AppFacts, { port, listed }: Ways): Command {
  const { path } = app.module;
  const directory = foldersAbove(path).find((folder) => hasFile(facts.tree, at(folder, 'manage.py'))) ?? '';
  const interfaceFile = (name: string): string | undefined =>
    facts.tree.files.map((file) => file.path)
      .filter((file) => file.endsWith(`/${name}`) && (directory === '' || file.startsWith(`${directory}/`)))
      .toSorted((a, b) => a.split('/').length - b.split('/').length)[0];
  const dotted = (file: string): string => below(directory, file).replace(/\.py$/, '').replaceAll('/', '.');
  const [wsgi, asgi] = [interfaceFile('wsgi.py'), interfaceFile('asgi.py')];
  const asked = app.hint?.command?.program;
  if (wsgi !== undefined && (listed.has('gunicorn') || asked === 'gunicorn'))
    return {
      command: ['gunicorn', '--bind', `0.0.0.0:${port}`, ...serverOptions(app.hint, 'gunicorn', ['--access-logfile', '-']), `${dotted(wsgi)}:application`],
      directory, why: `${wsgi} is Django's interface to servers, and gunicorn is among the requirements`, extra: listed.has('gunicorn') ? [] : ['gunicorn'],
    };
  if (asgi !== undefined && (listed.has('uvicorn') || asked === 'uvicorn'))
    return { command: ['uvicorn', `${dotted(asgi)}:application`, '--host', '0.0.0.0', '--port', String(port)], directory, why: `${asgi} is Django's interface to servers, and uvicorn is among the requirements` };
  if (asgi !== undefined && (listed.has('daphne') || asked === 'daphne'))
    return { command: ['daphne', '-b', '0.0.0.0', '-p', String(port), `${dotted(asgi)}:application`], directory, why: `${asgi} is Django's interface to servers, and daphne is among the requirements` };
  const finding = {
    code: 'development-server', severity: 'note' as const, file: path, line: app.line, message: "it is served by Django's development server", fix: 'add gunicorn to the requirements',
  };
  return {
    command: ['python', 'manage.py', 'runserver', '--noreload', `0.0.0.0:${port}`], directory, why: 'manage.py starts Django; no server is among the requirements', findings: [finding],
  };
} // prettier-ignore
