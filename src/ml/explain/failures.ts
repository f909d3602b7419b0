import { BUILD_FAILURES } from './failures/building.ts';
import type { Failure } from './failures/failure.ts';
import { GPU_FAILURES } from './failures/gpu.ts';
import { LIBRARY_FAILURES } from './failures/libraries.ts';
import { NETWORK_FAILURES } from './failures/network.ts';
import { PYTHON_FAILURES } from './failures/python.ts';
import { SERVING_FAILURES } from './failures/serving.ts';
import { SYSTEM_FAILURES } from './failures/system.ts';
import { VERSION_FAILURES } from './failures/versions.ts';

/** All that is known. The first that matches counts, so the more telling ones stand first: what says its cause before what follows from it. */
export const FAILURES: readonly Failure[] = [
  ...GPU_FAILURES,
  ...LIBRARY_FAILURES,
  ...VERSION_FAILURES,
  ...NETWORK_FAILURES,
  ...BUILD_FAILURES,
  ...SERVING_FAILURES,
  ...PYTHON_FAILURES,
  ...SYSTEM_FAILURES,
];
