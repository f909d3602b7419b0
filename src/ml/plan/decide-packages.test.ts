import { expect, test } from 'vitest';
import { treeOf } from '../files.ts';
import type { PackageIndex, Resolution, ResolvedPackage, ResolveQuestion } from './package-index.ts';
import type { ProjectPlan } from './plan.ts';
import { type PlanOptions, planProject } from './plan-project.ts';

const plan = async (texts: Record<string, string>, options: Partial<PlanOptions> = {}): Promise<ProjectPlan> =>
  planProject(treeOf(texts), { directory: 'project', ...options });

const CPU = 'https://download.pytorch.org/whl/cpu';
const FLASK = 'from flask import Flask\napp = Flask(__name__)\n';

const ACCELERATORS: readonly (readonly [string, Record<string, string>, string, readonly string[]])[] = [
  ['torch that comes along', { 'app.py': FLASK, 'requirements.txt': 'flask\nsentence-transformers' }, 'cpu', [CPU]],
  ['torch of an extra', { 'app.py': FLASK, 'requirements.txt': 'flask\ntransformers[torch]' }, 'cpu', [CPU]],
  ['no framework', { 'app.py': FLASK, 'requirements.txt': 'flask' }, 'none', []],
  ['scikit-learn alone', { 'app.py': FLASK, 'requirements.txt': 'flask\nscikit-learn' }, 'cpu', []],
  ['wheels for CUDA', { 'app.py': FLASK, 'requirements.txt': 'flask\n--extra-index-url https://download.pytorch.org/whl/cu118\ntorch==2.0.1+cu118' }, 'gpu', ['https://download.pytorch.org/whl/cu118']],
  ['a build for CUDA without its index', { 'app.py': FLASK, 'requirements.txt': 'flask\ntorch==2.0.1+cu118' }, 'gpu', ['https://download.pytorch.org/whl/cu118']],
  ['code that asks first', { 'app.py': `${FLASK}import torch\ndevice = "cuda" if torch.cuda.is_available() else "cpu"\n`, 'requirements.txt': 'flask\ntorch' }, 'cpu', [CPU]],
  ['code that does not ask', { 'app.py': `${FLASK}import torch\nmodel = torch.load("m.pt").cuda()\n`, 'requirements.txt': 'flask\ntorch' }, 'gpu', []],
  ['a device that callers choose', { 'app.py': `${FLASK}import torch\ndef run(x, device="cuda"):\n  return x.to(device)\n`, 'requirements.txt': 'flask\ntorch' }, 'cpu', [CPU]],
  ['a device of the code itself', { 'app.py': `${FLASK}import torch\ndevice = "cuda"\nmodel.to(device)\n`, 'requirements.txt': 'flask\ntorch' }, 'gpu', []],
  ['ROCm', { 'app.py': FLASK, 'requirements.txt': 'flask\n--index-url https://download.pytorch.org/whl/rocm6.1\ntorch==2.4.1+rocm6.1' }, 'rocm', ['https://download.pytorch.org/whl/rocm6.1']],
  ['JAX with CUDA', { 'train.py': 'import jax\n', 'requirements.txt': 'jax[cuda12]' }, 'gpu', []],
]; // prettier-ignore

test.each(ACCELERATORS)('accelerator and indexes of %s', async (...[, texts, accelerator, indexes]) => {
  const made = await plan(texts);
  expect([made.accelerator, made.indexes]).toEqual([accelerator, indexes]);
});

test('what was asked for stands above the project', async () => {
  const texts = {
    'app.py': `${FLASK}import torch\nm = torch.load("m.pt").cuda()\n`,
    'requirements.txt': 'flask\ntorch',
  };
  const made = await plan(texts, { accelerator: 'cpu' });
  expect(made).toMatchObject({ accelerator: 'cpu', indexes: [CPU] });
  expect(made.findings[0]).toMatchObject({ code: 'unguarded-cuda', file: 'app.py', line: 4 });
});

const BASES: readonly (readonly [string, string, string])[] = [
  ['wheels that bring CUDA', 'flask\ntorch==2.4.1+cu121', 'python:3.11-slim'],
  ['what is compiled with nvcc', 'flask\ntorch==2.4.1\nflash-attn==2.6.3', 'nvidia/cuda:12.1.1-cudnn8-devel-ubuntu22.04'],
  ['TensorFlow that loads CUDA of the system', 'flask\ntensorflow-gpu==2.10.1', 'nvidia/cuda:11.2.2-cudnn8-runtime-ubuntu20.04'],
  ['ONNX Runtime that does', 'flask\nonnxruntime-gpu==1.18.1', 'nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04'],
  ['ONNX Runtime with wheels of CUDA', 'flask\nonnxruntime-gpu==1.20.1', 'python:3.11-slim'],
]; // prettier-ignore

test.each(BASES)('base for %s', async (...[, requirements, base]) => {
  expect((await plan({ 'app.py': FLASK, 'requirements.txt': requirements })).base).toBe(base);
});

test('a GPU that is here is compared with what the wheels run on', async () => {
  const texts = { 'app.py': FLASK, 'requirements.txt': 'flask\ntorch==2.6.0' };
  const old = await plan(texts, { accelerator: 'gpu', host: { driver: '470.82.01', computeCapability: '12.0', name: 'RTX 5090' } });
  expect(old.findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['cuda-architecture']));
  const fits = await plan(texts, { accelerator: 'gpu', host: { driver: '550.54.14', computeCapability: '8.0' } });
  expect(fits.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(fits.decisions.find(({ choice }) => choice === 'CUDA 12.4')?.why).toContain('525.60.13');
}); // prettier-ignore

test('programs are installed only for packages that the code imports', async () => {
  const requirements = 'flask\nopencv-python==4.10.0.84\npytesseract\nGitPython\npsycopg2';
  const made = await plan({ 'app.py': `import pytesseract\n${FLASK}`, 'requirements.txt': requirements });
  expect(made.apt).toEqual(['libgl1', 'libglib2.0-0', 'libpq5', 'tesseract-ocr']);
  expect(made.install.buildApt).toEqual(['gcc', 'libc6-dev', 'libpq-dev']);
  expect(made.findings.map(({ code }) => code)).toContain('opencv-with-windows');
});

const train = (workers: number): string =>
  `from torch.utils.data import DataLoader\nfor b in DataLoader(x, num_workers=${workers}):\n  b.backward()\ntorch.save(m, "m.pt")\n`;

const codes = async (requirements: string): Promise<string[]> =>
  (await plan({ 'app.py': FLASK, 'requirements.txt': requirements })).findings.map(({ code }) => code);

test('TensorFlow for processors is a distribution of its own', async () => {
  expect(await codes('flask\ntensorflow==2.17.0')).toContain('tensorflow-with-gpu-code');
  expect(await codes('flask\ntensorflow-cpu==2.17.0')).not.toContain('tensorflow-with-gpu-code');
  expect(await codes('flask\ntensorflow[and-cuda]==2.17.0')).not.toContain('tensorflow-with-gpu-code');
});

test('what imports torch while it is built comes after torch', async () => {
  const requirements = 'flask\ntorch==2.1.0\ndetectron2 @ git+https://host.example/detectron2.git';
  const { install } = await plan({ 'app.py': FLASK, 'requirements.txt': requirements });
  expect(install.buildFirst).toEqual(['setuptools<81', 'wheel', 'packaging', 'ninja', 'torch==2.1.0']);
  expect(install.buildApt).toEqual(['build-essential']);
  expect((await plan({ 'app.py': FLASK, 'requirements.txt': 'flask\ntorch' })).install.buildFirst).toBeUndefined();
});

test('processes of a data loader need shared memory', async () => {
  const texts = { 'requirements.txt': 'torch' };
  expect((await plan({ ...texts, 'train.py': train(4) })).shmBytes).toBe(1024 ** 3);
  expect((await plan({ ...texts, 'train.py': train(0) })).shmBytes).toBeNull();
});

test('SageMaker wants its port, its routes and root', async () => {
  const texts = {
    'app.py': `${FLASK}@app.get("/ping")\ndef ping(): return ""\n`,
    'requirements.txt': 'flask\ngunicorn',
  };
  const made = await plan(texts, { target: 'sagemaker' });
  expect(made).toMatchObject({ target: 'sagemaker', port: 8080 });
  expect(made.start?.command).toContain('0.0.0.0:8080');
  expect(made.findings[0]).toMatchObject({ code: 'sagemaker-contract', severity: 'error' });
});

/** An index that answers by what its question holds. */
function indexOf(answer: (question: ResolveQuestion) => Resolution): PackageIndex & { asked: ResolveQuestion[] } {
  const asked: ResolveQuestion[] = [];
  return { asked, resolve: async (question) => (asked.push(question), answer(question)) };
}

function wheel(name: string, version: string, via: readonly string[] = []): ResolvedPackage {
  return { name, version, via, wheel: { filename: `${name}-${version}-py3-none-any.whl`, compressedBytes: 1_000_000, unpackedBytes: 4_000_000, pythonBytes: 1_000_000 } };
} // prettier-ignore

test('versions and size come from the index', async () => {
  const index = indexOf(() => ({
    kind: 'resolved',
    packages: [wheel('flask', '3.1.0'), wheel('scikit-learn', '1.7.0'), wheel('numpy', '2.3.0', ['scikit-learn'])],
  }));
  const texts = { 'app.py': FLASK, 'requirements.txt': 'flask\nscikit-learn' };
  const made = await plan(texts, { index, asksAlways: true });
  expect(made.frameworks).toContainEqual({ name: 'scikit-learn', version: '1.7.0', source: 'direct' });
  expect(made.size?.unpackedBytes).toBeGreaterThan(140_000_000);
  expect(made.size?.usual?.unpackedBytes).toBeGreaterThan(1_000_000_000);
  expect(made.unknown).toEqual([]);
});

test('a conflict names what excludes what, and what would fit', async () => {
  const index = indexOf(() => ({ kind: 'conflict', lines: ['Because a==1 depends on b<2 and you require b==2, your requirements are unsatisfiable.'], between: ['a==1', 'b==2'], relax: 'b==1.9' }));
  const made = await plan({ 'app.py': FLASK, 'requirements.txt': 'flask\na==1\nb==2' }, { index, asksAlways: true });
  expect(made.findings[0]).toMatchObject({ code: 'unresolvable', severity: 'error', file: 'requirements.txt', line: 3, fix: 'b==1.9 fits the rest' });
}); // prettier-ignore

test('an index that does not answer leaves versions open', async () => {
  const index = indexOf(() => ({ kind: 'unreachable', why: 'dns error', host: 'index.example' }));
  const made = await plan({ 'app.py': FLASK, 'requirements.txt': 'flask' }, { index, asksAlways: true });
  expect(made.size).toBeNull();
  expect(made.unknown[0]).toContain('dns error');
});

const torchAnswer = ({ indexes, constraints }: ResolveQuestion): Resolution => {
  if (indexes.includes(CPU)) return { kind: 'unreachable', why: 'dns error', host: 'download.pytorch.org' };
  const version = constraints.find((one) => one.startsWith('torch=='))?.slice(7) ?? '2.15.0';
  const packages = [wheel('flask', '3.1.0'), wheel('sentence-transformers', '5.0.0'), wheel('torch', version, ['sentence-transformers']), wheel('nvidia-cublas-cu12', '12.4', ['torch']), wheel('triton', '3.2.0', ['torch']), wheel('sympy', '1.13', ['torch'])];
  return { kind: 'resolved', packages };
}; // prettier-ignore

test('without the index for processors torch comes from Debian', async () => {
  const made = await plan({ 'app.py': FLASK, 'requirements.txt': 'flask\nsentence-transformers' }, { index: indexOf(torchAnswer) });
  expect(made).toMatchObject({
    base: 'python:3.13-slim-trixie', python: { version: '3.13' }, indexes: [], apt: ['python3-torch'],
    install: { exact: ['flask==3.1.0', 'sentence-transformers==5.0.0'], leftOut: ['nvidia-cublas-cu12', 'sympy', 'torch', 'triton'], fromDebian: { path: '/usr/lib/python3/dist-packages' } },
  });
  expect(made.findings[0]).toMatchObject({ code: 'no-cpu-index', severity: 'warning' });
}); // prettier-ignore

test('a pinned torch that Debian does not have comes with CUDA', async () => {
  const made = await plan({ 'app.py': FLASK, 'requirements.txt': 'flask\ntorch==2.4.1' }, { index: indexOf(torchAnswer) });
  expect(made).toMatchObject({ base: 'python:3.11-slim', indexes: [] });
  expect(made.install.exact).toBeUndefined();
  expect(made.findings.map(({ code }) => code)).toContain('no-cpu-index');
}); // prettier-ignore
