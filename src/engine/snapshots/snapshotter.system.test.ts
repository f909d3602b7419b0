import { describe } from 'vitest';
import { snapshotterConformance } from './conformance.ts';
import { FORMS, openTestSnapshots } from './test-snapshots.ts';

describe.each(FORMS)('snapshots with layers in the form %s', (form) => {
  snapshotterConformance(() => openTestSnapshots({ form }));
});
