import { attachExec, createExec, inspectExec } from '#client/execs.ts';
import { readOutput } from '#client/output-streams.ts';
import type { Client } from '#client/transport.ts';

/** Reads the imports of a program, without running it, and imports those of them that come from elsewhere, in a process of its own. */
const PROBE = String.raw`
import ast, importlib, os, sys, time
path = sys.argv[1]
if not os.path.exists(path):
    sys.exit(3)
names = []
seen = set()
def read(file):
    if file in seen or len(seen) > 200:
        return
    seen.add(file)
    try:
        tree = ast.parse(open(file, encoding='utf-8', errors='replace').read())
    except (OSError, SyntaxError, ValueError):
        return
    for node in tree.body:
        if isinstance(node, ast.Import):
            found = [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found = [node.module]
        else:
            continue
        for name in found:
            top = name.split('.')[0]
            local = [os.path.join(os.path.dirname(file), *name.split('.')) + end for end in ('.py', '/__init__.py')]
            local = [one for one in local if os.path.exists(one)]
            if local:
                read(local[0])
            elif not os.path.isdir(top) and name not in names:
                names.append(name)
read(path)
start = time.perf_counter()
for name in names:
    try:
        importlib.import_module(name)
    except BaseException:
        pass
sys.__stdout__.write('\nberth-imports %d\n' % ((time.perf_counter() - start) * 1000))
sys.__stdout__.flush()
os._exit(0)
`;

const LIMIT_MS = 60_000;

/**
 * Milliseconds that importing a running program's libraries takes in its container.
 * @param module path of the program, absolute or in the working directory
 * @returns undefined where that cannot be found out: no Python, no such file, too slow
 */
export async function measureImports(client: Client, container: string, module: string): Promise<number | undefined> {
  try {
    const request = { AttachStdout: true, AttachStderr: false, Cmd: ['python3', '-c', PROBE, module] };
    const id = await createExec(client, container, request);
    const { socket } = await attachExec(client, id, { tty: false });
    const late = setTimeout(() => socket.destroy(), LIMIT_MS);
    let text = '';
    try {
      for await (const { bytes } of readOutput(socket, { terminal: false }))
        text = (text + Buffer.from(bytes).toString('utf8')).slice(-1000);
    } finally {
      clearTimeout(late);
    }
    const found = /berth-imports (\d+)/.exec(text)?.[1];
    const { ExitCode } = await inspectExec(client, id);
    return found === undefined || (ExitCode ?? 0) !== 0 ? undefined : Number(found);
  } catch {
    return undefined;
  }
}
