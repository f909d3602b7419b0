import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** A checkpoint is a program unless it is told to be none. */
export const torchLoadCode: ProjectRule = {
  code: 'torch-load-runs-code',
  severity: 'note',
  title: 'checkpoints are loaded as weights only',
  why: 'Before torch 2.6, and with weights_only=False, torch.load runs whatever the file says.',
  good: { 'app.py': `import torch\n${APP}net = torch.load('net.pt', weights_only=True)\n`, 'requirements.txt': 'flask==3.0.3\ntorch==2.5.1\n' },
  bad: { 'app.py': `import torch\n${APP}net = torch.load('net.pt')\n`, 'requirements.txt': 'flask==3.0.3\ntorch==2.5.1\n' },
  *check({ facts, lines }) {
    for (const { path, calls } of facts.modules) {
      if (!calls.has('torch.load')) continue;
      const own = lines(path);
      const at = own.findIndex((line, index) => line.includes('torch.load(') && !/weights_only\s*=\s*True/.test(own.slice(index, index + 4).join(' ')));
      if (at !== -1) yield { file: path, line: at + 1, message: 'torch.load runs what the file says', fix: 'torch.load(path, weights_only=True), or safetensors' };
    }
  },
}; // prettier-ignore
