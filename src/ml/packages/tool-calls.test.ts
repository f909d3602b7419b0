import { expect, test } from 'vitest';
import { toolCalls, toolCallsOfWords } from './tool-calls.ts';

/** Each call as `tool verb`. */
function seen(text: string): string[] {
  return toolCalls(text).map(({ tool, verb }) => `${tool} ${verb}`);
}

test.each([
  ['pip install numpy', ['pip install']],
  ['pip3 install --no-cache-dir -r requirements.txt', ['pip install']],
  ['pip3.11 install torch', ['pip install']],
  ['python -m pip install --upgrade pip', ['pip install']],
  ['python3 -Im pip install x', []],
  ['python3 -m pip install x && python3 -m pip install y', ['pip install', 'pip install']],
  ['/opt/venv/bin/pip install -e .', ['pip install']],
  ['/opt/venv/bin/python -m pip install .', ['pip install']],
  ['pip --no-cache-dir install flask', ['pip install']],
  ['pip --proxy http://p:3128 install flask', ['pip install']],
  ['PIP_INDEX_URL=https://example.org/simple pip install flask', ['pip install']],
  ['sudo pip install x', ['pip install']],
  ['sudo -H -u app pip install x', ['pip install']],
  ['sudo -E env PATH=$PATH pip install x', ['pip install']],
  ['pip install "torch>=2.1" \'numpy<2\'', ['pip install']],
  ['pip install torch==2.4.1 --index-url https://download.pytorch.org/whl/cpu', ['pip install']],
  ['pip freeze > requirements.lock', ['pip freeze']],
  ['pip cache purge', ['pip cache purge']],
  ['pip wheel -w /wheels -r requirements.txt', ['pip wheel']],
  ['set -eux; pip install a; pip install b', ['pip install', 'pip install']],
  ['set -ex \\\n && pip install a \\\n && rm -rf /root/.cache', ['pip install']],
  ['if [ -f requirements.txt ]; then pip install -r requirements.txt; fi', ['pip install']],
  ['for f in a b; do pip install $f; done', ['pip install']],
  ['[ "$DEV" = 1 ] && pip install pytest || true', ['pip install']],
  ['(cd /app && pip install .)', ['pip install']],
  ['{ pip install a; }', ['pip install']],
  ['! pip check', ['pip check']],
  ['cat requirements.txt | xargs -n 1 pip install', ['pip install']],
  ['pip install -r <(cat a.txt b.txt)', ['pip install']],
  ['pip install x 2>&1 | tee log', ['pip install']],
  ['pip install x >/dev/null', ['pip install']],
  ['echo pip install x', []],
  ['echo "pip install x" > run.sh', []],
  ['# pip install x', []],
  ['echo a # && pip install x', []],
  ['bash -c "pip install a && pip install b"', ['pip install', 'pip install']],
  ["bash -lc 'source /venv/bin/activate && pip install a'", ['pip install']],
  ['sh -exc "apt-get update"', ['apt update']],
  ['. /venv/bin/activate && pip install a', ['pip install']],
  ['export DEBIAN_FRONTEND=noninteractive && apt-get install -y curl', ['apt install']],
  [
    'apt-get update && apt-get install -y --no-install-recommends gcc && rm -rf /var/lib/apt/lists/*',
    ['apt update', 'apt install'],
  ],
  ['apt-get update -qq && apt-get -qq -y install git', ['apt update', 'apt install']],
  ['apt-get -o Acquire::Retries=3 update', ['apt update']],
  ['DEBIAN_FRONTEND=noninteractive apt-get -yq --no-install-recommends install tzdata', ['apt install']],
  ['apt update && apt install -y vim', ['apt update', 'apt install']],
  ['apt-get clean', ['apt clean']],
  ['apk add --no-cache gcc musl-dev', ['apk add']],
  ['dnf install -y python3 && dnf clean all', ['dnf install', 'dnf clean']],
  ['microdnf -y install python3', ['dnf install']],
  ['yum -y --setopt=tsflags=nodocs install gcc', ['dnf install']],
  ['uv pip install --system -r requirements.txt', ['uv pip install']],
  ['uv sync --frozen --no-dev', ['uv sync']],
  ['uv --no-cache sync --locked', ['uv sync']],
  ['pip install uv && uv pip install --system torch', ['pip install', 'uv pip install']],
  ['/bin/uv venv /opt/venv', ['uv venv']],
  ['uv tool install ruff', ['uv tool install']],
  ['uv run python app.py', ['uv run']],
  ['uvx ruff check', ['uvx ruff']],
  ['python -m uv pip install x', ['uv pip install']],
  ['poetry install --no-root --only main', ['poetry install']],
  ['poetry config virtualenvs.create false && poetry install', ['poetry config', 'poetry install']],
  ['pdm install --prod --no-lock', ['pdm install']],
  ['pipenv install --system --deploy', ['pipenv install']],
  ['conda install -y -c conda-forge numpy', ['conda install']],
  ['conda env create -f environment.yml && conda clean -afy', ['conda env create', 'conda clean']],
  ['mamba install -y pytorch', ['conda install']],
  ['micromamba install -y -n base -f /tmp/env.yml', ['conda install']],
  ['conda run -n myenv pip install transformers', ['pip install']],
  ['conda run --no-capture-output -n e python -m pip install x', ['pip install']],
  ['npm ci --omit=dev', ['npm ci']],
  ['npm --prefix web install', ['npm install']],
  ['npm install -g pnpm && pnpm install --frozen-lockfile', ['npm install', 'pnpm install']],
  ['yarn install --frozen-lockfile', ['yarn install']],
  ['npx playwright install', ['npx playwright']],
  ['cargo build --release', ['cargo build']],
  ['go mod download', ['go mod download']],
  ['CGO_ENABLED=0 go build -o /app .', ['go build']],
  ['huggingface-cli download gpt2', ['huggingface download']],
  ['hf download gpt2 --local-dir /models', ['huggingface download']],
  ['timeout 300 pip install x', ['pip install']],
  ['time pip install x', ['pip install']],
  ['nice -n 10 pip install x', ['pip install']],
  ['exec pip install x', ['pip install']],
  ['cat > /tmp/a.sh <<EOF\npip install hidden\nEOF\npip install shown', ['pip install']],
  ['cat <<-"END" | sh\n\tpip install hidden\n\tEND\nnpm ci', ['npm ci']],
  ['pip install "$(cat name)"', ['pip install']],
  ['pip install `cat name`', ['pip install']],
  ['pip install ${EXTRA:-a b}', ['pip install']],
  ['case "$X" in a) pip install a;; *) true;; esac', ['pip install']],
  ['curl -LsSf https://astral.sh/uv/install.sh | sh', []],
  ['pip', ['pip ']],
  ['', []],
  ["pip install 'unfinished", ['pip install']],
] as const)('%s', (text, calls) => {
  expect(seen(text)).toEqual(calls);
});

test('words of a list are looked at as they are', () => {
  expect(toolCallsOfWords(['pip', 'install', 'a b']).map(({ args }) => args)).toEqual([['install', 'a b']]);
  expect(toolCallsOfWords(['/bin/sh', '-c', 'pip install x']).map(({ verb, place }) => [verb, place])).toEqual([
    ['install', undefined],
  ]);
});

test('variables before a call, and those that were exported, are its own', () => {
  const [call] = toolCalls('export A=1; B="2 3" env C=4 pip install x');
  expect(Object.fromEntries(call?.assignments ?? [])).toEqual({ A: '1', B: '2 3', C: '4' });
});

test('a call has its place in the text, unless it is inside of a word', () => {
  const text = 'true && pip install --no-cache-dir x';
  const [call] = toolCalls(text);
  expect(text.slice(call?.place?.start)).toBe('pip install --no-cache-dir x');
  expect(call?.place?.args.map(({ start, end }) => text.slice(start, end))).toEqual(['install', '--no-cache-dir', 'x']);
  expect(toolCalls('sh -c "pip install x"')[0]?.place).toBeUndefined();
});
