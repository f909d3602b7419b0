import { pythonInstallOf } from '../python-install.ts';
import type { Rule } from '../rule.ts';
import { runsOf } from '../run-views.ts';

const NO_GPU = /^(?:-1|none|void)?$/i;

/** A build that says it has no GPU, and takes the libraries for one nevertheless. */
export const torchForGpu: Rule = {
  code: 'TorchForGpu',
  severity: 'warning',
  description: 'images for processors take torch from the index for processors',
  isPublic: false,
  *check(subject) {
    if ((subject.reading.platform?.architecture ?? 'amd64') !== 'amd64') return;
    for (const { instruction, commands, stage } of runsOf(subject)) {
      const visible = stage.end.variables().get('CUDA_VISIBLE_DEVICES');
      if (visible === undefined || !NO_GPU.test(visible)) continue;
      const isDefault = commands
        .map(pythonInstallOf)
        .some(
          (install) =>
            install !== undefined &&
            install.indexes.length === 0 &&
            install.requirements.some((text) => /^torch(?:$|[=<>~![])/.test(text) && !text.includes('+cpu')),
        );
      if (!isDefault) continue;
      yield {
        node: instruction.node,
        piece: 'torch',
        message: 'this image hides GPUs (CUDA_VISIBLE_DEVICES), and installs torch with 3 GB of CUDA libraries',
        fix: 'install it with --index-url https://download.pytorch.org/whl/cpu',
      };
    }
  },
};
