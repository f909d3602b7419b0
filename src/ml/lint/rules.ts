import type { ProjectRule } from './rule.ts';
import { alpineBase } from './rules/alpine-base.ts';
import { composeLatest } from './rules/compose-latest.ts';
import { composeVersion } from './rules/compose-version.ts';
import { cudaBaseForWheels } from './rules/cuda-base-for-wheels.ts';
import { curlHealthCheck } from './rules/curl-health-check.ts';
import { debugCommand } from './rules/debug-command.ts';
import { debugServer } from './rules/debug-server.ts';
import { envFileInImage } from './rules/env-file-in-image.ts';
import { localhostCommand } from './rules/localhost-command.ts';
import { modelDownloadAtStart } from './rules/model-download-at-start.ts';
import { noDepsInstall } from './rules/no-deps-install.ts';
import { noIgnoreFile } from './rules/no-ignore-file.ts';
import { notebookOnly } from './rules/notebook-only.ts';
import { oldBase } from './rules/old-base.ts';
import { headlessOpencv } from './rules/opencv-for-servers.ts';
import { portMismatch } from './rules/port-mismatch.ts';
import { psycopgSource } from './rules/psycopg2-source.ts';
import { renamedPackage } from './rules/renamed-package.ts';
import { secretInCode } from './rules/secret-in-code.ts';
import { setupPyInstall } from './rules/setup-py-install.ts';
import { severalOpencvs } from './rules/several-opencvs.ts';
import { severalTensorflows } from './rules/several-tensorflows.ts';
import { sharedMemory } from './rules/shared-memory.ts';
import { tiniWithSagemaker } from './rules/tini-with-sagemaker.ts';
import { torchLoadCode } from './rules/torch-load-code.ts';
import { unpinnedRequirement } from './rules/unpinned-requirement.ts';
import { unusedHeavyPackage } from './rules/unused-heavy-package.ts';
import { weightsInGit } from './rules/weights-in-git.ts';

/** All rules about projects, by their codes. Those about Dockerfiles alone are in `dockerfile/lint`. */
export const PROJECT_RULES: readonly ProjectRule[] = [
  alpineBase,
  composeLatest,
  composeVersion,
  cudaBaseForWheels,
  curlHealthCheck,
  debugCommand,
  debugServer,
  envFileInImage,
  localhostCommand,
  modelDownloadAtStart,
  noDepsInstall,
  noIgnoreFile,
  notebookOnly,
  oldBase,
  headlessOpencv,
  portMismatch,
  psycopgSource,
  renamedPackage,
  secretInCode,
  setupPyInstall,
  severalOpencvs,
  severalTensorflows,
  sharedMemory,
  tiniWithSagemaker,
  torchLoadCode,
  unpinnedRequirement,
  unusedHeavyPackage,
  weightsInGit,
];
