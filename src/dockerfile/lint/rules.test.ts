import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readDockerfile } from '../program.ts';
import type { ImageFacts, LintFacts } from './facts.ts';
import { lintDockerfile, type LintOptions } from './lint-dockerfile.ts';
import { RULES } from './rules.ts';

interface Case {
  text: string;
  /** First lines of the findings. */
  lines: number[];
  /** What the first message must say. */
  says?: string;
  options?: LintOptions;
}

const bad = (text: string, lines: number[], more: Omit<Case, 'text' | 'lines'> = {}): Case => ({
  text,
  lines,
  ...more,
});
const good = (text: string, options?: LintOptions): Case => ({
  text,
  lines: [],
  ...(options !== undefined && { options }),
});
const facts = (known: LintFacts): LintOptions => ({ facts: known });

const image = (more: Partial<ImageFacts> = {}): LintFacts => ({
  image: () => ({
    env: new Map([['HOME', '/root']]),
    user: '',
    hasShell: false,
    hasHealthcheck: false,
    hasCuda: undefined,
    ...more,
  }),
});
const texts = (files: Record<string, string>): LintFacts => ({ text: (path) => files[path] });

const CASES: Readonly<Record<string, Case[]>> = {
  StageNameCasing: [
    bad('FROM a AS Build\nFROM b AS base', [1], { says: 'Build' }),
    good('FROM a AS build\nfrom b as other\nFROM c'),
  ],
  FromAsCasing: [
    bad('FROM a as b', [1], { says: "'as'" }),
    bad('from a AS b', [1]),
    bad('FROM a As b', [1]),
    good('FROM a AS b\nfrom c as d\nFROM e'),
    good('From a as b'),
  ],
  NoEmptyContinuation: [bad('FROM a\nCOPY x \\\n\n.\n', [3]), good('FROM a\nCOPY x \\\n# inside\n.\n\nRUN y')],
  ConsistentInstructionCasing: [
    bad('FROM a\nCOPY x y\nrun z', [3], { says: "'run' is not in capitals" }),
    bad('from a\ncopy x y\nRUN z', [3], { says: 'small letters' }),
    bad('FROM a\nRun z', [2]),
    good('from a\ncopy x y\n'),
    good('FROM a\nCOPY x y\n'),
  ],
  DuplicateStageName: [
    bad('FROM a AS b\nFROM c AS B', [2], { says: 'line 1' }),
    good('FROM a AS b\nFROM c AS d\nFROM e'),
  ],
  ReservedStageName: [bad('FROM a AS scratch\nFROM a AS Context', [1, 2]), good('FROM scratch AS contexts')],
  JSONArgsRecommended: [
    bad('FROM a\nCMD python app.py', [2], { says: 'signal' }),
    bad('FROM a\nENTRYPOINT python app.py', [2]),
    good('FROM a\nCMD ["python"]\nENTRYPOINT ["x"]'),
    good('FROM a AS b\nSHELL ["/bin/bash", "-c"]\nFROM b\nCMD python app.py'),
    good('FROM a\nCMD x', facts(image({ hasShell: true }))),
  ],
  MaintainerDeprecated: [bad('FROM a\nMAINTAINER me', [2]), good('FROM a\nLABEL org.opencontainers.image.authors=me')],
  UndefinedArgInFrom: [
    bad('ARG VERSION=1\nFROM a:$VERSON', [2], { says: 'did you mean $VERSION?' }),
    bad('FROM --platform=$PLATFROM a', [1]),
    bad('FROM a\nARG X=1\nFROM b:$X', [3]),
    good('ARG V=1\nFROM --platform=$BUILDPLATFORM a:${V} AS x\nFROM x-$TARGETARCH'),
  ],
  WorkdirRelativePath: [
    bad('FROM a\nWORKDIR app', [2], { says: 'WORKDIR app' }),
    bad('FROM scratch\nARG D=app\nWORKDIR $D', [3]),
    good('FROM a AS b\nWORKDIR /app\nWORKDIR x\nFROM b\nWORKDIR y'),
    good('FROM a\nWORKDIR $HOME_OF_BASE/x'),
  ],
  UndefinedVar: [
    bad('FROM scratch\nENV A=$B', [2], { says: '$B is not set' }),
    bad('FROM a\nARG MODEL=x\nCOPY $MODLE /y', [3], { says: 'did you mean $MODEL?' }),
    bad('FROM a\nENV P=$HOMES', [2], { options: facts(image()), says: 'did you mean $HOME?' }),
    bad('FROM a\nRUN --mount=type=cache,target=/$CACHE true', [2], { options: facts(image()) }),
    bad('FROM scratch\nCOPY <<E /x\n$name\nE', [2]),
    bad('ARG G=1\nFROM scratch\nENV A=$G', [3]),
    bad('FROM scratch AS a\nARG X=1\nFROM scratch\nENV Y=$X', [4]),
    good('FROM scratch\nENV PATH=/x:$PATH'),
    good('FROM scratch\nARG A\nENV B=$A C=${D:-x} E=${F:+y}'),
    good('FROM scratch AS a\nARG X=1\nFROM a\nENV Y=$X'),
    good('FROM a\nENV LD_LIBRARY_PATH=/x:$LD_LIBRARY_PATH'),
    good('FROM scratch\nRUN echo $UNSET\nCMD ["$X"]\nCOPY <<"E" /x\n$name\nE'),
    good('FROM scratch\nENV A=\\$B'),
  ],
  MultipleInstructionsDisallowed: [
    bad('FROM a\nCMD ["a"]\nCMD ["b"]\nCMD ["c"]', [2, 3], { says: 'line 3' }),
    bad('FROM a\nHEALTHCHECK NONE\nHEALTHCHECK NONE', [2]),
    good('FROM a AS b\nCMD ["a"]\nENTRYPOINT ["x"]\nFROM b\nCMD ["b"]'),
  ],
  LegacyKeyValueFormat: [
    bad('FROM a\nENV A b c', [2], { says: 'ENV A' }),
    bad('FROM a\nLABEL a b', [2]),
    good('FROM a\nENV A=b C=d\nLABEL x="y z"'),
  ],
  RedundantTargetPlatform: [
    bad('FROM --platform=$TARGETPLATFORM a', [1]),
    bad('FROM --platform=${TARGETPLATFORM} a', [1]),
    good('FROM --platform=$BUILDPLATFORM a\nFROM a'),
  ],
  SecretsUsedInArgOrEnv: [
    bad('FROM a\nARG API_KEY\nENV HF_TOKEN=x\nARG DB_PASSWORD=1', [2, 3, 4], { says: 'API_KEY' }),
    good('FROM a\nARG TOKENIZERS_PARALLELISM=false\nENV PUBLIC_KEY=x KEYBOARD=y KEY_FILE=/z MONKEY=1'),
  ],
  InvalidDefaultArgInFrom: [
    bad('ARG TAG\nFROM a:$TAG', [2], { says: 'a:$TAG', options: { reading: { buildArgs: new Map([['TAG', '1']]) } } }),
    bad('ARG BASE\nFROM $BASE', [2], { says: 'nothing' }),
    good('ARG TAG=1\nFROM a:$TAG\nFROM A_b'),
    good('ARG TAG\nFROM localhost:5000/a/b:${TAG:-latest}'),
  ],
  FromPlatformFlagConstDisallowed: [
    bad('FROM --platform=linux/arm64 a AS build', [1], { says: 'linux/arm64' }),
    good('FROM --platform=linux/amd64 a AS build-amd64\nFROM --platform=$BUILDPLATFORM b'),
  ],
  CopyIgnoredFile: [
    bad('FROM a\nCOPY data/x /y\nADD secret.txt /', [2, 3], {
      options: facts({ ignore: ['data', '*.txt'] }),
      says: 'data/x',
    }),
    bad('FROM a\nCOPY . /y', [2], { options: facts({ ignore: ['**'] }) }),
    good(
      'FROM a\nCOPY . /x\nCOPY src /y\nCOPY --from=b data /z\nADD https://x/a.txt /',
      facts({ ignore: ['data', '*.txt'] }),
    ),
    good('FROM a\nCOPY data /y', facts({ ignore: ['*', '!data'] })),
    good('FROM a\nCOPY data /y'),
  ],
  InvalidDefinitionDescription: [
    bad('# the base\nFROM a AS b\n# which one\nARG X=1', [2, 4], {
      options: { settings: { skip: new Set(), experimental: 'all', isError: false } },
    }),
    good('# b is the base\nFROM a AS b\n# X which one\nARG X=1\n\n# other\n\nARG Y', {
      settings: { skip: new Set(), experimental: new Set(['InvalidDefinitionDescription']), isError: false },
    }),
    good('# the base\nFROM a AS b'),
  ],
  ExposeProtoCasing: [
    bad('FROM a\nEXPOSE 80/TCP 53/Udp', [2, 2], { says: '80/TCP' }),
    good('FROM a\nEXPOSE 80 53/udp'),
  ],
  ExposeInvalidFormat: [
    bad('FROM a\nEXPOSE 127.0.0.1:80:80 8080:80', [2, 2], { says: '127.0.0.1' }),
    good('FROM a\nARG P=1\nEXPOSE 80 8000-8010/tcp ${P:-2}'),
  ],
  ForeignSyntax: [
    bad('# syntax=example/frontend:1\nFROM a', [1], { says: 'example/frontend:1' }),
    bad('# syntax=docker/dockerfile:1.99\nFROM a', [1], { says: '1.99' }),
    good('# syntax=docker/dockerfile:1.7-labs\nFROM a'),
    good('# syntax=docker.io/docker/dockerfile:1@sha256:abc\nFROM a'),
    good('# syntax=example/x\nFROM a', {
      reading: { buildArgs: new Map([['BUILDKIT_SYNTAX', 'docker/dockerfile:1']]) },
    }),
  ],
  UnknownStage: [
    bad('FROM a AS build\nFROM b\nCOPY --from=biuld /x /y', [3], { says: 'did you mean build?' }),
    bad('FROM a AS build\nFROM b\nRUN --mount=type=bind,from=buidl,target=/x true', [3]),
    good('FROM a AS build\nFROM b\nCOPY --from=build /x /y\nCOPY --from=built:1 /x /y\nCOPY --from=0 /x /y'),
    good('FROM a AS build\nFROM b\nCOPY --from=biuld /x /y', facts({ isNamedContext: (name) => name === 'biuld' })),
  ],
  LatestTag: [
    bad('FROM python', [1], { says: 'python' }),
    bad('FROM localhost:5000/a:latest', [1]),
    bad('FROM a:1\nCOPY --from=ghcr.io/x/uv /uv /bin/', [2]),
    good('FROM a:1 AS b\nFROM b\nCOPY --from=b /x /y\nFROM scratch\nFROM a@sha256:abc'),
    good('ARG V=3\nFROM python:$V'),
    good('FROM base', facts({ isNamedContext: () => true })),
  ],
  UnpinnedRequirement: [
    bad('FROM a\nRUN pip install torch numpy==1.26', [2], { says: 'torch' }),
    bad('FROM a\nRUN python3 -m pip install -U "transformers>=4.40" && echo x', [2], { says: 'transformers' }),
    bad('FROM a\nRUN uv pip install --system a b c d e', [2], { says: 'a, b, c and 2 more' }),
    bad('FROM a\nRUN pip install git+https://github.com/a/b', [2]),
    bad('FROM a\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt', [4], {
      options: facts(texts({ 'requirements.txt': '# c\ntorch\nnumpy==1\n' })),
      says: 'torch',
    }),
    bad('FROM a\nCOPY reqs/base.txt /tmp/\nRUN pip install -r /tmp/base.txt', [3], {
      options: facts(texts({ 'reqs/base.txt': 'flask>=2' })),
    }),
    bad('FROM a\nRUN --mount=type=bind,source=r.txt,target=/r.txt pip install -r /r.txt', [2], {
      options: facts(texts({ 'r.txt': 'flask' })),
    }),
    good('FROM a\nRUN pip install -U pip setuptools wheel && pip install torch==2.4.0 x===1'),
    good('FROM a\nRUN pip install -r r.txt -c constraints.txt torch'),
    good('FROM a\nRUN pip install . -e ./lib $EXTRA /wheels/a.whl'),
    good('FROM a\nRUN pip install git+https://github.com/a/b@v1.0 "x @ https://h/x.whl"'),
    good('FROM a\nRUN pip install --index-url https://i --target /x torch==1'),
    good('FROM a\nRUN pip download torch && pip list'),
    good('FROM a\nRUN pip install torch', facts({ isLocked: true })),
    good(
      'FROM a\nCOPY r.txt .\nRUN pip install -r r.txt',
      facts(texts({ 'r.txt': 'a==1 --hash=sha256:0\nb==2 ; python_version>"3"\n' })),
    ),
  ],
  CudaWheelOnCpuImage: [
    bad('FROM python:3.12-slim\nRUN pip install onnxruntime-gpu==1.19', [2], { says: 'onnxruntime-gpu' }),
    bad('FROM ubuntu:24.04 AS a\nFROM a\nRUN pip install cupy-cuda12x==13', [3]),
    good('FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04\nRUN pip install onnxruntime-gpu==1.19'),
    good('FROM python:3.12-slim\nRUN pip install torch==2.4 onnxruntime-gpu==1.19'),
    good('FROM mycompany/base:1\nRUN pip install onnxruntime-gpu==1.19'),
    good('FROM python:3.12\nRUN pip install onnxruntime==1.19', facts(image({ hasCuda: false }))),
  ],
  TorchForGpu: [
    bad('FROM a\nENV CUDA_VISIBLE_DEVICES=""\nRUN pip install torch==2.4', [3]),
    good('FROM a\nENV CUDA_VISIBLE_DEVICES=""\nRUN pip install torch==2.4 --index-url https://x/cpu'),
    good('FROM a\nRUN pip install torch==2.4'),
    good('FROM a\nENV CUDA_VISIBLE_DEVICES=0\nRUN pip install torch==2.4'),
  ],
  TorchBeforeCode: [
    bad('FROM a\nCOPY . .\nRUN pip install -r requirements.txt', [2], { says: 'line 3' }),
    bad('FROM a\nCOPY . /app\nRUN uv sync', [2]),
    bad('FROM a\nADD ./ /app\nRUN cd /app && poetry install', [2]),
    good('FROM a\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .'),
    good('FROM a\nCOPY . .\nRUN pip install .'),
    good('FROM a\nCOPY . .\nRUN pip install -r requirements.txt -e .'),
    good(
      'FROM a\nCOPY . .\nRUN pip install -r requirements.txt',
      facts(texts({ 'requirements.txt': 'torch==2\n-e .\n' })),
    ),
    bad('FROM a\nCOPY . .\nRUN pip install -r requirements.txt', [2], {
      options: facts(texts({ 'requirements.txt': 'torch==2\n' })),
    }),
    good('FROM a AS b\nRUN pip install -r r.txt\nFROM b\nCOPY . .\nRUN make'),
    good('FROM a\nCOPY --from=b . .\nRUN pip install -r requirements.txt'),
    good('FROM a\nCOPY . .\nRUN pip install x', facts({ ignore: ['*', '!requirements.txt'] })),
  ],
  ArgBeforeInstall: [
    bad('FROM a\nARG GIT_SHA\nRUN pip install x==1', [2], { says: 'GIT_SHA' }),
    good('FROM a\nRUN pip install x==1\nARG GIT_SHA\nLABEL rev=$GIT_SHA'),
    good('FROM a\nARG GIT_SHA\nRUN pip install git+https://x/y@$GIT_SHA'),
    good('FROM a\nARG VERSION\nRUN pip install x==1'),
  ],
  WeightsInContext: [
    bad('FROM a\nCOPY . /app', [2], {
      options: facts({
        files: [
          { path: 'model.safetensors', bytes: 5e9 },
          { path: 'b.pt', bytes: 3e8 },
        ],
      }),
      says: '5.3 GB of weights are copied with the code: model.safetensors and 1 more',
    }),
    good(
      'FROM a\nCOPY . /app',
      facts({
        files: [
          { path: 'small.pt', bytes: 1e6 },
          { path: 'video.mp4', bytes: 5e9 },
        ],
      }),
    ),
    good(
      'FROM a\nCOPY model.safetensors /m/\nCOPY src /app',
      facts({ files: [{ path: 'model.safetensors', bytes: 5e9 }] }),
    ),
    good('FROM a\nCOPY --exclude=*.safetensors . /app', facts({ files: [{ path: 'model.safetensors', bytes: 5e9 }] })),
  ],
  AptListsKept: [
    bad('FROM a\nRUN apt-get update && apt-get install -y git', [2]),
    bad('FROM a\nRUN <<E\nset -e\napt-get -q update\napt-get install -y git\nE', [2]),
    good('FROM a\nRUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*'),
    good('FROM a\nRUN --mount=type=cache,target=/var/lib/apt,sharing=locked apt-get update && apt-get install -y git'),
    good('FROM a AS b\nRUN apt-get update\nFROM c\nCOPY --from=b /x /y'),
    good('FROM a\nRUN apt-get update', facts({ hasImplicitCaches: true })),
    good('FROM a\nRUN echo apt-get update'),
  ],
  AptUpdateAlone: [
    bad('FROM a\nRUN apt-get update\nRUN apt-get install -y git', [2], { says: 'line 3' }),
    good('FROM a\nRUN apt-get update && apt-get install -y git\nRUN apt-get update && apt-get install -y x'),
    good('FROM a\nRUN apt-get update'),
  ],
  PipCacheKept: [
    bad('FROM a\nRUN pip install x==1', [2]),
    bad('FROM a\nRUN uv pip install x==1', [2], { says: 'uv' }),
    good('FROM a\nRUN pip install --no-cache-dir x==1 && PIP_NO_CACHE_DIR=1 pip install y==1'),
    good('FROM a\nENV PIP_NO_CACHE_DIR=1\nRUN pip install x==1'),
    good('FROM a\nRUN --mount=type=cache,target=/root/.cache/pip pip install x==1'),
    good('FROM a\nRUN --mount=type=cache,target=/root/.cache pip install x==1'),
    good('FROM a\nRUN pip install x==1 && rm -rf ~/.cache/pip'),
    good('FROM a\nRUN pip install x==1 && pip cache purge'),
    good('FROM a AS b\nRUN pip install x==1\nFROM c\nCOPY --from=b /x /y'),
    good('FROM a\nRUN pip install x==1', facts({ hasImplicitCaches: true })),
  ],
  CondaCacheKept: [
    bad('FROM a\nRUN conda install -y numpy=1', [2]),
    bad('FROM a\nRUN mamba env create -f environment.yml', [2]),
    good('FROM a\nRUN conda install -y numpy=1 && conda clean -afy'),
    good('FROM a\nRUN --mount=type=cache,target=/opt/conda/pkgs conda install -y numpy=1'),
    good('FROM a\nRUN conda list'),
  ],
  ChownDuplicatesLayer: [
    bad('FROM a\nCOPY . /app\nRUN chown -R app:app /app', [3], { says: 'every file' }),
    bad('FROM a\nWORKDIR /app\nCOPY x .\nRUN useradd app && chmod -R 777 .', [], {}),
    bad('FROM a\nWORKDIR /app\nCOPY x .\nRUN chown --recursive app /app', [4]),
    bad('FROM a\nRUN python -m venv /venv\nRUN chown -R app /venv', [3], {
      options: facts({ layerBytes: () => 9.02e9 }),
      says: '9 GB',
    }),
    good('FROM a\nCOPY . /app\nRUN chown -R app /app', facts({ layerBytes: () => 2000 })),
    good('FROM a\nCOPY --chown=app . /app\nRUN chown app /app'),
    good('FROM a\nRUN mkdir -p /data && chown -R app /data'),
    good('FROM a\nCOPY x /app\nRUN chown -R app /var/log'),
  ],
  RemovedInLaterLayer: [
    bad('FROM a\nCOPY model.tar.gz /tmp/\nRUN tar -xf /tmp/model.tar.gz && rm /tmp/model.tar.gz', [3], {
      says: 'line 2',
    }),
    bad('FROM a\nWORKDIR /w\nCOPY a.zip b.zip ./\nRUN unzip a.zip && rm -f a.zip', [4]),
    good('FROM a\nRUN curl -O x && rm x'),
    good('FROM a\nWORKDIR /w\nCOPY src/ .\nRUN Z=a.zip && curl -O $Z && rm -f $Z'),
    good('FROM a\nRUN --mount=type=bind,source=m,target=/m cp /m /n'),
  ],
  SecretInLayer: [
    bad('FROM a\nCOPY .env /app/', [2], { says: '.env' }),
    bad('FROM a\nCOPY keys/id_rsa /root/.ssh/', [2]),
    bad('FROM a\nRUN pip install --index-url https://user:hunter22@pypi.example.com/simple x==1', [2], {
      says: 'password',
    }),
    bad(`FROM a\nENV T=hf_${'a'.repeat(34)}`, [2], { says: 'Hugging Face' }),
    bad('FROM a\nCOPY . /app', [2], { options: facts({ files: [{ path: '.env', bytes: 10 }] }), says: '.env' }),
    good('FROM a AS b\nCOPY .env /x\nFROM c\nCOPY --from=b /y /y'),
    good('FROM a\nCOPY .env.example ca.pem environment.yml id_rsa.pub /app/'),
    good('FROM a\nRUN pip install --index-url https://$USER:$TOKEN@pypi.example.com/simple x==1'),
    good('FROM a\nRUN git clone https://github.com/a/b'),
  ],
  RootUser: [
    bad('FROM python:3.12\nEXPOSE 80\nCMD ["x"]', [1]),
    bad('FROM own\nEXPOSE 80\nCMD ["x"]', [1], { options: facts(image()) }),
    bad('FROM python:3.12\nUSER app\nUSER root\nEXPOSE 80\nCMD ["x"]', [1]),
    good('FROM python:3.12\nEXPOSE 80\nUSER app\nCMD ["x"]'),
    good('FROM python:3.12\nCMD ["x"]'),
    good('FROM own\nEXPOSE 80\nCMD ["x"]'),
    good('FROM own\nEXPOSE 80\nCMD ["x"]', facts(image({ user: '1000:1000' }))),
  ],
  NoHealthcheck: [
    bad('FROM a\nEXPOSE 80', [2]),
    good('FROM a\nEXPOSE 80\nHEALTHCHECK CMD true'),
    good('FROM a AS b\nEXPOSE 80\nFROM c'),
    good('FROM a\nEXPOSE 80', facts(image({ hasHealthcheck: true }))),
  ],
};

describe.each(Object.keys(CASES))('%s', (code) => {
  test.each(CASES[code] ?? [])('$text', ({ text, lines, says, options }) => {
    const rules = RULES.filter((rule) => rule.code === code);
    const found = lintDockerfile(readDockerfile(`${text}\n`), { isForAll: true, ...options, rules });
    expect(found.map((finding) => finding.lines?.start)).toEqual(lines);
    if (says !== undefined) expect(found[0]?.message).toContain(says);
  });
});

test('every rule is tested', () => {
  const untested = RULES.map(({ code }) => code).filter((code) => CASES[code] === undefined);
  expect(untested).toEqual(['InvalidBaseImagePlatform']);
});

test('all 22 public rules are there, each under its name once', () => {
  const codes = RULES.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(RULES.filter(({ isPublic }) => isPublic)).toHaveLength(22);
});

test('docs/checks.md lists every rule as it is', async () => {
  const text = await readFile(new URL('../../../docs/checks.md', import.meta.url), 'utf8');
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  for (const { code, severity, description } of RULES)
    expect(rows).toContainEqual(['', `\`${code}\``, expect.stringContaining(severity) as string, description, '']);
});
