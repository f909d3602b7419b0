import { mkdirSync, writeFileSync } from 'node:fs';
import { planProject } from '../src/ml/plan/plan-project.ts';
import type { PackageIndex, Resolution, ResolveQuestion } from '../src/ml/plan/package-index.ts';
import { openPackageIndex } from '../src/project/index/open-package-index.ts';
import { openTree } from '../src/project/open-tree.ts';

// Records what the package index answers today about projects of test/fixtures, for tests without a network: `node scripts/record-index.ts NAME…`.

const FOLDER = 'test/fixtures/index';

for (const name of process.argv.slice(2)) {
  const answers: { question: ResolveQuestion; resolution: Resolution }[] = [];
  const open = openPackageIndex();
  const recorder: PackageIndex = {
    async resolve(question) {
      const resolution = await open.resolve(question);
      answers.push({ question, resolution });
      return resolution;
    },
  };
  await planProject(await openTree(`test/fixtures/projects/${name}`), { directory: name, index: recorder, asksAlways: true }); // prettier-ignore
  mkdirSync(FOLDER, { recursive: true });
  const recorded = { recorded: new Date().toISOString().slice(0, 10), answers };
  writeFileSync(`${FOLDER}/${name}.json`, `${JSON.stringify(recorded)}\n`);
  console.log(`${name}: ${answers.map(({ resolution }) => resolution.kind).join(', ')}`);
}
