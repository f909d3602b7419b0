import { readProject } from '../../src/ml/detect/project.ts';
import { treeOf } from '../../src/ml/files.ts';
import { planInstall } from '../../src/ml/plan/install.ts';
import { choosePython } from '../../src/ml/plan/python.ts';
import { pick } from '../../soak/support.ts';
import { mutateBytes } from '../mutate.ts';
import type { Checked, FuzzTarget } from '../target.ts';

/** What each kind of manifest is made of; the pieces are whole lines. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  'requirements.txt': ['flask==3.0 --hash=sha256:00 \\\n', '-r other.txt\n', '-c other.txt\n', '-e .[web]\n', 'a[b] >=1,<2 ; python_version < "3.9" and (os_name == "nt" or extra == "x")\n', 'git+ssh://git@h.example/x.git@v1#egg=y\n', 'n @ file:///tmp/n-1.0-py3-none-any.whl\n', '--extra-index-url https://u:${P}@h.example/simple\n', 'numpy=1.2=py_0\n', '# x\n', 'torch 1.9\n'],
  'pyproject.toml': ['[project]\n', 'name = "x"\n', 'dependencies = ["flask>=3", "x[y]; extra == \'z\'"]\n', '[project.optional-dependencies]\n', 'web = ["x[web]"]\n', '[tool.poetry.dependencies]\n', 'numpy = [{version = "^1.2 || ~2", python = "<3.9"}]\n', 'lib = {path = "../lib", develop = true}\n', '[[tool.uv.index]]\n', 'url = """h"""\n', '[dependency-groups]\n', 'dev = [{include-group = "dev"}]\n'],
  'environment.yml': ['dependencies:\n', '  - python=3.8\n', '- conda-forge::numpy>=1.2,<2|3=py_0\n', '  - pip:\n', '    - torch==1.0\n', 'a: &b [1, {c: d}]\n', '<<: *b\n', 'x: |\n  y\n', '"k": \'v\'\n'],
  'setup.py': ['from setuptools import setup\n', 'A = ["numpy"]\n', 'A = A + [x for x in open("requirements.txt")]\n', 'setup(name="x", install_requires=A + B, extras_require={"web": A}, **dict(python_requires=">=3.8"))\n', 'def f():\n    return open("requirements.txt")\n', 'B = f()\n'],
  'setup.cfg': ['[metadata]\n', 'name = x\n', '[options]\n', 'install_requires =\n', '    numpy>=1; os_name == "x"\n', '    file: requirements.txt\n', 'python_requires = >=3\n'],
  'cog.yaml': ['build:\n', '  gpu: true\n', '  python_version: 3.10\n', '  python_packages:\n', '    - torch==2\n', '  run: ["pip install x && apt-get install -y y"]\n', 'predict: p.py:P\n'],
  'uv.lock': ['[[package]]\n', 'name = "flask"\n', 'version = "3.0"\n', 'source = { git = "https://h.example/x?rev=1#abc" }\n', 'resolution-markers = ["os_name == \'nt\'"]\n'],
  Pipfile: ['[packages]\n', 'flask = "*"\n', 'x = {version = "==1", index = "y", markers = "os_name == \'nt\'"}\n', '[requires]\n', 'python_version = "3.9"\n', '[[source]]\n', 'url = "https://h.example"\n'],
}; // prettier-ignore

/** Manifests of every kind, damaged: they are read to the end, with what is wrong as findings. */
export const manifestsTarget: FuzzTarget = {
  name: 'manifests',
  rounds: 50_000,
  open: async () => ({
    make(random) {
      const [name, lines] = pick(random, Object.entries(KINDS));
      const text = Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(random, lines)).join('');
      const bytes = random() < 0.8 ? mutateBytes(random, Buffer.from(text)) : Buffer.from(text);
      return Buffer.concat([Buffer.from(`${name}\n`), bytes]);
    },
    check: async (input) => check(input),
    [Symbol.asyncDispose]: async () => {},
  }),
};

async function check(input: Buffer): Promise<Checked> {
  const end = input.indexOf('\n');
  const name = input.subarray(0, end).toString();
  const text = new TextDecoder().decode(input.subarray(end + 1));
  try {
    const tree = treeOf({ 'pyproject.toml': '[project]\ndependencies = ["flask"]\n', 'app.py': 'import numpy\n', [name]: text }); // prettier-ignore
    const facts = await readProject(tree);
    const { version } = choosePython(facts, { before: '2021-03-03' });
    const { install } = planInstall(facts, [], { python: version, lastCommit: '2021-03-03' });
    const isPlain = [...install.arguments, ...install.pins].every((word) => !word.includes('\n'));
    // Nothing is thrown for a broken manifest: it is told as a problem.
    const isTaken = (facts.manifest?.problems ?? []).length === 0;
    return { isTaken, defect: isPlain ? undefined : `a word holds a line break: ${JSON.stringify(install)}` };
  } catch (error) {
    return { isTaken: false, defect: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
