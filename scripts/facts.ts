import { readdirSync, readFileSync } from 'node:fs';
import { CUDA_IMAGES, DEBIAN_FRAMEWORKS, PYTHON_IMAGES } from '../src/ml/data/base-images.ts';
import { CUDA_COMPILED, CUDA_WHEELS } from '../src/ml/data/compiled.ts';
import {
  COMPUTE_CAPABILITIES,
  CUDA_DRIVERS,
  MINOR_COMPATIBILITY_FLOORS,
  TORCH_ARCHITECTURES,
} from '../src/ml/data/cuda.ts';
import { DEBIAN_BYTES } from '../src/ml/data/debian-bytes.ts';
import { JAX_CUDA_EXTRAS } from '../src/ml/data/jax.ts';
import { KNOWN_BREAKS } from '../src/ml/data/known-breaks.ts';
import { NUMPY2_SINCE } from '../src/ml/data/numpy2.ts';
import { ONNXRUNTIME_GPU } from '../src/ml/data/onnxruntime.ts';
import { PYTHON_END_OF_LIFE, PYTHONS } from '../src/ml/data/python-support.ts';
import { IN_PYTHON_SLIM, PACKAGE_OF_SONAME } from '../src/ml/data/sonames.ts';
import { SYSTEM_PACKAGES } from '../src/ml/data/system-packages.ts';
import { TENSORFLOW_RELEASES } from '../src/ml/data/tensorflow.ts';
import { TORCH_RELEASES } from '../src/ml/data/torch.ts';
import { ACCELERATED, BRINGS_FRAMEWORK, ML_FRAMEWORKS } from '../src/ml/data/transitive-frameworks.ts';
import { normalName, parseRequirement } from '../src/ml/detect/requirements.ts';
import { compareVersions, parseSpecifiers, parseVersion } from '../src/ml/version.ts';

// Checks that the tables of src/ml/data agree with themselves and with each other: `npm run facts`.

const FOLDER = 'src/ml/data';
const problems: string[] = [];
let checked = 0;

function check(isRight: boolean, problem: string): void {
  checked++;
  if (!isRight) problems.push(problem);
}

function unique(names: readonly string[], table: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    check(!seen.has(name), `${table}: ${name} twice`);
    seen.add(name);
  }
}

function sorted(names: readonly string[], table: string, compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))): void {
  for (const [index, name] of names.entries()) {
    const former = names[index - 1];
    if (former !== undefined) check(compare(former, name) <= 0, `${table}: ${name} stands after ${former}`);
  }
} // prettier-ignore

function isVersion(text: string, place: string): void {
  check(parseVersion(text) !== undefined, `${place}: ${text} is no version`);
}

function areSpecifiers(text: string | undefined, place: string): void {
  check(text === undefined || parseSpecifiers(text) !== undefined, `${place}: ${String(text)} are no specifiers`);
}

function isName(name: string, place: string): void {
  check(name === normalName(name), `${place}: ${name} is not in its normal form`);
}

function isDebianName(name: string, place: string): void {
  check(/^[a-z0-9][a-z0-9+.-]+$/.test(name), `${place}: ${name} is no name of a Debian package`);
}

/** Every table says where it is from, and of when. */
function sources(): void {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
    const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
    check(/\bSources?:/i.test(text), `${file}: no source is named`);
    check(/\b20\d\d(?:-\d\d)?\b/.test(text), `${file}: no date`);
  }
}

function torchReleases(): void {
  const versions = TORCH_RELEASES.map(({ version }) => version);
  unique(versions, 'torch');
  sorted(versions, 'torch', compareVersions);
  sorted(TORCH_RELEASES.map(({ released }) => released), 'dates of torch');
  for (const { version, released, vision, audio, pythons, usual, cuda } of TORCH_RELEASES) {
    for (const text of [version, vision, audio].filter((one) => one !== null)) isVersion(text, `torch ${version}`);
    check(/^\d{4}-\d\d-\d\d$/.test(released), `torch ${version}: ${released} is no day`);
    check(compareVersions(pythons[0], pythons[1]) < 0, `torch ${version}: Pythons in the wrong order`);
    check(CUDA_DRIVERS.some(([toolkit]) => toolkit.startsWith(`${usual}.`)), `torch ${version}: no driver for CUDA ${usual}`);
    for (const name of Object.keys(cuda)) check(CUDA_DRIVERS.some(([toolkit]) => toolkit.startsWith(`${name}.`)), `torch ${version}: no driver for CUDA ${name}`);
    check(Object.keys(cuda).length > 0, `torch ${version}: no build for CUDA`);
  }
  for (const name of ['vision', 'audio'] as const) sorted(TORCH_RELEASES.flatMap((row) => row[name] ?? []), `torch ${name}`, compareVersions);
} // prettier-ignore

function otherFrameworks(): void {
  const versions = TENSORFLOW_RELEASES.map(({ version }) => version);
  unique(versions, 'tensorflow');
  sorted(versions, 'tensorflow', compareVersions);
  for (const { version, released, pythons, cuda, cudnn } of TENSORFLOW_RELEASES) {
    for (const text of [version, cuda, cudnn]) isVersion(text, `tensorflow ${version}`);
    check(/^\d{4}-\d\d-\d\d$/.test(released), `tensorflow ${version}: ${released} is no day`);
    check(compareVersions(pythons[0], pythons[1]) < 0, `tensorflow ${version}: Pythons in the wrong order`);
    check(CUDA_DRIVERS.some(([toolkit]) => toolkit.startsWith(`${cuda}.`)), `tensorflow ${version}: no driver for CUDA ${cuda}`);
  }
  sorted(ONNXRUNTIME_GPU.map(({ since }) => since), 'onnxruntime-gpu', compareVersions);
  for (const { since, cuda } of ONNXRUNTIME_GPU) check(CUDA_DRIVERS.some(([toolkit]) => toolkit.startsWith(`${cuda}.`)), `onnxruntime-gpu ${since}: no driver for CUDA ${cuda}`);
  for (const [extra, major] of Object.entries(JAX_CUDA_EXTRAS)) check(MINOR_COMPATIBILITY_FLOORS[major] !== undefined, `jax[${extra}]: no driver for CUDA ${major}`);
} // prettier-ignore

function drivers(): void {
  unique(CUDA_DRIVERS.map(([toolkit]) => toolkit), 'drivers');
  sorted(CUDA_DRIVERS.map(([toolkit]) => toolkit).toReversed(), 'drivers', compareVersions);
  sorted(CUDA_DRIVERS.map(([, driver]) => driver).toReversed(), 'drivers by version', compareVersions);
  for (const [major, floor] of Object.entries(MINOR_COMPATIBILITY_FLOORS)) {
    isVersion(floor, `floor of CUDA ${major}`);
    check(CUDA_DRIVERS.some(([toolkit]) => toolkit.startsWith(`${major}.`)), `no toolkit of CUDA ${major}`);
  }
  sorted(TORCH_ARCHITECTURES.map((row) => row.cuda), 'architectures', compareVersions);
  for (const row of TORCH_ARCHITECTURES) check(compareVersions(row.from, row.to) < 0, `architectures of ${row.cuda} in the wrong order`);
  for (const [name, capability] of Object.entries(COMPUTE_CAPABILITIES)) check(/^\d{1,2}\.\d$/.test(capability), `${name}: ${capability} is no compute capability`);
} // prettier-ignore

function images(): void {
  const pythons = PYTHON_IMAGES.map(({ python }) => python);
  sorted(pythons, 'images', compareVersions);
  for (const python of PYTHONS) check(pythons.includes(python), `no image of Python ${python}`);
  for (const { python, compressedBytes, unpackedBytes, full } of PYTHON_IMAGES) {
    check(PYTHON_END_OF_LIFE[python] !== undefined, `no end of life of Python ${python}`);
    check(compressedBytes < unpackedBytes && unpackedBytes < full.unpackedBytes, `sizes of Python ${python}`);
  }
  sorted(CUDA_IMAGES.map((row) => row.cuda), 'images of CUDA', compareVersions);
  unique(CUDA_IMAGES.map((row) => row.cuda), 'images of CUDA');
  for (const row of CUDA_IMAGES) check(row.tag.startsWith(row.cuda), `nvidia/cuda:${row.tag} is not of CUDA ${row.cuda}`);
  for (const { distribution, version, python } of DEBIAN_FRAMEWORKS) {
    isVersion(version, distribution);
    check(pythons.includes(python), `${distribution} of Debian for Python ${python}`);
  }
} // prettier-ignore

function system(): void {
  unique(SYSTEM_PACKAGES.map(({ distribution, versions = '' }) => `${distribution} ${versions}`), 'system packages');
  check(SYSTEM_PACKAGES.length >= 80, `system packages: ${SYSTEM_PACKAGES.length} rows`);
  for (const { distribution, versions, packages, build = [], why } of SYSTEM_PACKAGES) {
    isName(distribution, 'system packages');
    areSpecifiers(versions, distribution);
    for (const name of [...packages, ...build]) isDebianName(name, distribution);
    check(packages.length + build.length > 0, `${distribution}: no packages`);
    check(why.length > 10 && !why.endsWith('.'), `${distribution}: ${why}`);
    for (const name of packages) check(DEBIAN_BYTES[name] !== undefined, `${distribution}: the size of ${name} is not known`);
  }
  check(Object.keys(PACKAGE_OF_SONAME).length >= 80, 'sonames: too few rows');
  for (const [soname, name] of Object.entries(PACKAGE_OF_SONAME)) {
    check(/^(?:lib|ld-).*\.so(?:\.|$)/.test(soname), `${soname} is no soname`);
    isDebianName(name, soname);
  }
  for (const soname of IN_PYTHON_SLIM) check(/\.so(?:\.|$)/.test(soname), `${soname} is no soname`);
  for (const [name, [compressed, unpacked]] of Object.entries(DEBIAN_BYTES)) check(compressed > 0 && compressed < unpacked, `sizes of ${name}`);
} // prettier-ignore

function versionsOfDistributions(): void {
  for (const [name, since] of Object.entries(NUMPY2_SINCE)) {
    isName(name, 'numpy 2');
    if (since !== null) isVersion(since, name);
  }
  unique(KNOWN_BREAKS.map((row) => JSON.stringify(row)), 'known breaks');
  for (const { distribution, versions, constraint, why } of KNOWN_BREAKS) {
    isName(distribution, 'known breaks');
    areSpecifiers(versions, distribution);
    const parsed = parseRequirement(constraint);
    check(parsed !== undefined && /^<\d[\d.]*$/.test(parsed.specifiers), `${distribution}: ${constraint} is no upper limit`);
    check(parsed?.name !== distribution, `${distribution} limits itself`);
    check(why.length > 10, `${distribution}: no reason`);
  }
  for (const row of [...CUDA_COMPILED, ...CUDA_WHEELS]) {
    isName(row.distribution, 'compiled');
    areSpecifiers(row.versions, row.distribution);
  }
  check(Object.keys(BRINGS_FRAMEWORK).length >= 60, 'transitive frameworks: too few rows');
  for (const [name, brought] of Object.entries(BRINGS_FRAMEWORK)) {
    isName(name.replace(/\[.*/, ''), 'transitive frameworks');
    for (const one of brought) isName(one, name);
    check(brought.length > 0, `${name} brings nothing`);
  }
  unique(ML_FRAMEWORKS, 'frameworks');
  for (const name of ACCELERATED) check(ML_FRAMEWORKS.includes(name), `${name} is accelerated, and no framework`);
} // prettier-ignore

for (const table of [sources, torchReleases, otherFrameworks, drivers, images, system, versionsOfDistributions])
  table();
for (const problem of problems) console.log(problem);
console.log(`${checked} checks of the tables, ${problems.length} wrong`);
process.exitCode = problems.length === 0 ? 0 : 1;
