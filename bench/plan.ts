import { mkdir, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '#lib/run.ts';
import { median } from './support/measure.ts';

const PACKAGES = 400;
const FILES_IN_EACH = 25;
const ROUNDS = 7;
const GOAL_MS = { cold: 1500, warm: 300 } as const;

interface Figure {
  name: string;
  unit: 'ms';
  /** Whole commands, the start of the process included. */
  berth: number[];
  goal: number;
}

/** `berth plan` of a repository of 10,000 Python files: with nothing kept of it, and again. There is no peer: no other tool reads code. */
export async function benchPlan(): Promise<number> {
  const load: [number, number] = [loadavg()[0] ?? 0, 0];
  await using work = await mkdtempDisposable(join(tmpdir(), 'bench-plan-'));
  const project = join(work.path, 'project');
  const bytes = await generate(project);
  const cache = join(work.path, 'cache');
  const command = [process.execPath, 'dist/berth.mjs', 'plan', '--json', ...(await offline()), project] as const;
  const env = { PATH: process.env['PATH'] ?? '', HOME: work.path, XDG_CACHE_HOME: cache };
  const once = async (): Promise<number> => {
    const start = performance.now();
    await run(command, { env });
    return performance.now() - start;
  };
  await once();
  const figures: Figure[] = [
    { name: 'plan, 10,000 files, cold', unit: 'ms', berth: [], goal: GOAL_MS.cold },
    { name: 'plan, 10,000 files, warm', unit: 'ms', berth: [], goal: GOAL_MS.warm },
  ];
  for (let round = 0; round < ROUNDS; round++) {
    await rm(cache, { recursive: true, force: true });
    for (const figure of figures) figure.berth.push(await once());
  }
  load[1] = loadavg()[0] ?? 0;
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', kernel: release() };
  const settings = `${PACKAGES * FILES_IN_EACH + 2} Python files, ${(bytes / 1e6).toFixed(1)} MB; cold: without Berth's cache, files in the page cache`;
  const record = { date: new Date().toISOString(), machine, load, settings, command: command.join(' '), results: figures };
  await mkdir('bench/results', { recursive: true });
  await writeFile('bench/results/plan.json', `${JSON.stringify(record, null, 2)}\n`);
  for (const { name, berth, goal } of figures)
    console.log(`${name}: ${median(berth).toFixed(0)} ms of at most ${goal} (${berth.map((value) => value.toFixed(0)).join(', ')})`);
  return figures.every(({ berth, goal }) => median(berth) <= goal) ? 0 : 1;
} // prettier-ignore

/** Indexes are not asked where that can be told: their answers are no part of what is measured. */
async function offline(): Promise<string[]> {
  const { stdout } = await run([process.execPath, 'dist/berth.mjs', 'plan', '--help']);
  return stdout.includes('--offline') ? ['--offline'] : [];
}

/** Writes the repository: packages that import each other, a FastAPI app that reaches a part of them, tests, and a training script. */
async function generate(root: string): Promise<number> {
  let bytes = 0;
  const write = async (path: string, text: string): Promise<void> => {
    bytes += text.length;
    await writeFile(join(root, path), text);
  };
  await mkdir(root, { recursive: true });
  await write('requirements.txt', 'fastapi==0.115.6\nuvicorn==0.34.0\nnumpy==2.1.3\npandas==2.2.3\nscikit-learn==1.5.2\n');
  await write('app.py', appSource());
  await write('train.py', trainSource());
  for (let number = 0; number < PACKAGES; number++) {
    const folder = `package_${number}`;
    await mkdir(join(root, folder, 'tests'), { recursive: true });
    await write(join(folder, '__init__.py'), `from .module_1 import Service1\n`);
    for (let index = 1; index < FILES_IN_EACH; index++)
      await write(join(folder, index % 8 === 0 ? `tests/test_${index}.py` : `module_${index}.py`), moduleSource(number, index));
  }
  return bytes;
} // prettier-ignore

function appSource(): string {
  const imports = Array.from({ length: 12 }, (_, number) => `from package_${number} import Service1 as Service${number}`);
  return `import os\nfrom fastapi import FastAPI\n${imports.join('\n')}\n\napp = FastAPI()\n\n\n@app.get("/health")\ndef health():\n    return {"ok": True}\n\n\n@app.post("/predict")\ndef predict(x: float):\n    return {"y": Service0(os.environ.get("MODEL", "model.pkl")).predict(x)}\n`;
} // prettier-ignore

function trainSource(): string {
  return 'import joblib\nfrom sklearn.linear_model import LinearRegression\n\nif __name__ == "__main__":\n    model = LinearRegression().fit([[1], [2]], [1, 2])\n    joblib.dump(model, "model.pkl")\n';
}

/** About three kilobytes, as modules of applications have them. */
function moduleSource(number: number, index: number): string {
  const near = index > 1 ? `from .module_${index % 8 === 1 ? index - 2 : index - 1} import Service${index % 8 === 1 ? index - 2 : index - 1}\n` : '';
  const methods = Array.from(
    { length: 9 },
    (_, step) => `
    def step_${step}(self, rows: list[dict], limit: int = ${step + 10}) -> pd.DataFrame:
        """Takes part ${step} of the rows and gives back what is left of them."""
        frame = pd.DataFrame([row for row in rows if row.get("key_${step}") is not None])
        frame["score"] = np.where(frame["value"] > limit, frame["value"] * ${step}.5, 0.0)
        logger.info("step %s of %s: %d rows", ${step}, self.name, len(frame))
        return frame.sort_values("score").head(limit)
`,
  );
  return `"""Part ${index} of package ${number}."""\nimport logging\nimport os\nfrom dataclasses import dataclass\n\nimport numpy as np\nimport pandas as pd\n${near}\nlogger = logging.getLogger(__name__)\nFOLDER = os.path.join(os.path.dirname(__file__), "data")\n\n\n@dataclass\nclass Service${index}:\n    name: str = "service ${number}"\n${methods.join('')}`;
} // prettier-ignore
