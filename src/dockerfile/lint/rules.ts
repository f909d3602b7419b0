import type { Rule } from './rule.ts';
import { aptListsKept } from './rules/apt-lists-kept.ts';
import { aptUpdateAlone } from './rules/apt-update-alone.ts';
import { argBeforeInstall } from './rules/arg-before-install.ts';
import { chownDuplicatesLayer } from './rules/chown-duplicates-layer.ts';
import { condaCacheKept } from './rules/conda-cache-kept.ts';
import { consistentInstructionCasing } from './rules/consistent-instruction-casing.ts';
import { copyIgnoredFile } from './rules/copy-ignored-file.ts';
import { cudaWheelOnCpuImage } from './rules/cuda-wheel-on-cpu-image.ts';
import { duplicateStageName } from './rules/duplicate-stage-name.ts';
import { exposeInvalidFormat } from './rules/expose-invalid-format.ts';
import { exposeProtoCasing } from './rules/expose-proto-casing.ts';
import { foreignSyntax } from './rules/foreign-syntax.ts';
import { fromAsCasing } from './rules/from-as-casing.ts';
import { fromPlatformFlagConstDisallowed } from './rules/from-platform-flag-const-disallowed.ts';
import { invalidBaseImagePlatform } from './rules/invalid-base-image-platform.ts';
import { invalidDefaultArgInFrom } from './rules/invalid-default-arg-in-from.ts';
import { invalidDefinitionDescription } from './rules/invalid-definition-description.ts';
import { jsonArgsRecommended } from './rules/json-args-recommended.ts';
import { latestTag } from './rules/latest-tag.ts';
import { legacyKeyValueFormat } from './rules/legacy-key-value-format.ts';
import { maintainerDeprecated } from './rules/maintainer-deprecated.ts';
import { multipleInstructionsDisallowed } from './rules/multiple-instructions-disallowed.ts';
import { noEmptyContinuation } from './rules/no-empty-continuation.ts';
import { noHealthcheck } from './rules/no-healthcheck.ts';
import { pipCacheKept } from './rules/pip-cache-kept.ts';
import { redundantTargetPlatform } from './rules/redundant-target-platform.ts';
import { removedInLaterLayer } from './rules/removed-in-later-layer.ts';
import { reservedStageName } from './rules/reserved-stage-name.ts';
import { rootUser } from './rules/root-user.ts';
import { secretInLayer } from './rules/secret-in-layer.ts';
import { secretsUsedInArgOrEnv } from './rules/secrets-used-in-arg-or-env.ts';
import { stageNameCasing } from './rules/stage-name-casing.ts';
import { torchBeforeCode } from './rules/torch-before-code.ts';
import { torchForGpu } from './rules/torch-for-gpu.ts';
import { undefinedArgInFrom } from './rules/undefined-arg-in-from.ts';
import { undefinedVar } from './rules/undefined-var.ts';
import { unknownStage } from './rules/unknown-stage.ts';
import { unpinnedRequirement } from './rules/unpinned-requirement.ts';
import { weightsInContext } from './rules/weights-in-context.ts';
import { workdirRelativePath } from './rules/workdir-relative-path.ts';

/** All rules: first those that other builders know by the same names, then ours. */
export const RULES: readonly Rule[] = [
  stageNameCasing,
  fromAsCasing,
  noEmptyContinuation,
  consistentInstructionCasing,
  duplicateStageName,
  reservedStageName,
  jsonArgsRecommended,
  maintainerDeprecated,
  undefinedArgInFrom,
  workdirRelativePath,
  undefinedVar,
  multipleInstructionsDisallowed,
  legacyKeyValueFormat,
  invalidBaseImagePlatform,
  redundantTargetPlatform,
  secretsUsedInArgOrEnv,
  invalidDefaultArgInFrom,
  fromPlatformFlagConstDisallowed,
  copyIgnoredFile,
  invalidDefinitionDescription,
  exposeProtoCasing,
  exposeInvalidFormat,
  foreignSyntax,
  unknownStage,
  latestTag,
  unpinnedRequirement,
  cudaWheelOnCpuImage,
  torchForGpu,
  torchBeforeCode,
  argBeforeInstall,
  weightsInContext,
  aptListsKept,
  aptUpdateAlone,
  pipCacheKept,
  condaCacheKept,
  chownDuplicatesLayer,
  removedInLaterLayer,
  secretInLayer,
  rootUser,
  noHealthcheck,
];
