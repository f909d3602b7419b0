import { contextPathOf } from '../context-copy.ts';
import { pythonInstallOf, type PythonInstall, readRequirements, requirementName } from '../python-install.ts';
import type { Rule } from '../rule.ts';
import { runsOf, type RunView } from '../run-views.ts';
import type { LintSubject, StageView } from '../subject.ts';

/** Packages that look for CUDA in the image and do not bring it. */
const NEEDS_CUDA =
  /^(?:onnxruntime-gpu|cupy-cuda\d+x?|tensorflow-gpu|paddlepaddle-gpu|faiss-gpu(?:-cu\d+)?|mxnet-cu\d+|dgl-cu\d+|jax\[cuda\d*-local\]|pycuda)$/;
const CUDA_IMAGE = /(?:^|\/)(?:nvidia\/|nvcr\.io\/|pytorch\/|tensorflow\/tensorflow:.*gpu|rapidsai\/)|cuda|cudnn|gpu/i;
const PLAIN_IMAGE =
  /^(?:docker\.io\/)?(?:library\/)?(?:python|debian|ubuntu|alpine|node|buildpack-deps|busybox|golang|rockylinux|fedora|amazonlinux)(?:[:@]|$)/;

/** Libraries for a GPU in an image that has none of CUDA. */
export const cudaWheelOnCpuImage: Rule = {
  code: 'CudaWheelOnCpuImage',
  severity: 'warning',
  description: 'packages that need the libraries of CUDA are installed where these are',
  isPublic: false,
  needs: 'context',
  *check(subject) {
    for (const run of runsOf(subject)) {
      const { instruction, commands, stage } = run;
      if (hasCuda(stage) !== false || installsCuda(stage)) continue;
      const installs = commands.map(pythonInstallOf).filter((install) => install !== undefined);
      const names = installs
        .flatMap((install) => namesOf(install, { run, subject }))
        .filter((name) => NEEDS_CUDA.test(name));
      const [name] = names;
      if (name === undefined) continue;
      const cpu = name.replace(/-gpu.*$|-cu(?:da)?\d+x?$/, '');
      yield {
        node: instruction.node,
        piece: name,
        message: `${name} needs the libraries of CUDA, and ${stage.imageName} has none`,
        fix: `begin with an image that has CUDA, or install ${cpu === name ? 'a package for processors' : cpu}`,
      };
    }
  },
};

/** Undefined if it cannot be told. */
function hasCuda({ image, imageName }: StageView): boolean | undefined {
  if (image?.hasCuda !== undefined) return image.hasCuda;
  if (CUDA_IMAGE.test(imageName)) return true;
  return PLAIN_IMAGE.test(imageName) ? false : undefined;
}

/** Whether packages of the system or of Python bring CUDA along. */
function installsCuda(stage: StageView): boolean {
  const runs = runsOf({ stages: [stage] });
  const isHere = runs.some(({ commands }) =>
    commands.some(({ words }) =>
      words.some((word) => /^(?:nvidia-cu|cuda-|libcudnn|cudatoolkit|torch\b|nvidia-cud)/.test(word)),
    ),
  );
  return isHere || (stage.below !== undefined && installsCuda(stage.below));
}

function namesOf(
  { requirements, files }: PythonInstall,
  { run, subject: { facts } }: { run: RunView; subject: LintSubject },
): string[] {
  const listed = files.flatMap((file) => {
    const path = contextPathOf(run, file);
    const text = path === undefined ? undefined : facts.text?.(path);
    return text === undefined ? [] : readRequirements(text).requirements;
  });
  return [...requirements, ...listed].map((text) => {
    const [, extra] = /^[\w.-]+\[([^\]]*cuda[^\]]*)\]/.exec(text) ?? [];
    return extra === undefined ? requirementName(text) : `${requirementName(text)}[${extra.replaceAll('_', '-')}]`;
  });
}
