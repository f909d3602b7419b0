import type { Builder } from '#engine/builder/builder.ts';
import type { Images } from '#engine/images/images.ts';
import type { Services } from '#lib/grpc/method.ts';
import type { Attachments } from './attachments.ts';
import { bridgeMethods } from './bridge.ts';
import type { Builds } from './builds.ts';
import { contentMethods } from './content.ts';
import { controlMethods } from './control.ts';
import { healthMethods } from './health.ts';
import type { Sessions } from './sessions.ts';
import type { Worker } from './worker.ts';

/** What the services need. */
export interface BuildkitContext {
  builder: Builder;
  images: Images;
  /** Settings for registries as they are now. */
  registries(): { insecureRegistries: readonly string[]; mirrors: readonly string[] };
  builds: Builds;
  attachments: Attachments;
  sessions: Sessions;
  worker: Worker;
}

/** All that is answered over gRPC. */
export function buildkitServices(context: BuildkitContext): Services {
  return new Map([
    ...controlMethods(context),
    ...bridgeMethods(context),
    ...contentMethods(context),
    ...healthMethods(),
  ]);
}
