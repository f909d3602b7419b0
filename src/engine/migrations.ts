/** The engine's database, oldest first; an entry is never edited once it has shipped, only followed by another. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE images (
    id TEXT PRIMARY KEY,            -- config digest of the host's platform
    root TEXT NOT NULL,             -- descriptor of the manifest or index, JSON
    manifest TEXT NOT NULL,         -- descriptor of the manifest chosen, JSON
    created INTEGER NOT NULL,       -- when it came into this store, ms since epoch
    labels TEXT NOT NULL DEFAULT '{}'
  ) STRICT;
  CREATE TABLE tags (
    name TEXT PRIMARY KEY,          -- canonical name with tag, docker.io/library/x:latest
    image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
    updated INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE digests (
    name TEXT PRIMARY KEY,          -- canonical name with digest, docker.io/library/x@sha256:…
    image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE
  ) STRICT;
  CREATE TABLE snapshots (
    name TEXT PRIMARY KEY,
    parent TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('active', 'view', 'committed')),
    directory TEXT NOT NULL UNIQUE, -- short name below the snapshots folder
    diff_id TEXT,                   -- of a committed one, once it is sealed
    bytes INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE containers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    record TEXT NOT NULL            -- JSON of engine/containers/record.ts
  ) STRICT;
  CREATE TABLE networks (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE TABLE endpoints (
    network TEXT NOT NULL REFERENCES networks(id),
    container TEXT NOT NULL,
    address TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (network, container),
    UNIQUE (network, address)
  ) STRICT;
  CREATE TABLE volumes (
    name TEXT PRIMARY KEY,
    created INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE TABLE build_steps (
    key TEXT PRIMARY KEY,           -- content-addressed key of the step
    snapshot TEXT NOT NULL,         -- committed snapshot it left
    diff_id TEXT NOT NULL,
    description TEXT NOT NULL,
    created INTEGER NOT NULL,
    used INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE layers (
    diff_id TEXT PRIMARY KEY,
    file TEXT NOT NULL UNIQUE,      -- name below the layers folder
    state TEXT NOT NULL CHECK (state IN ('settling', 'durable', 'unproven', 'damaged', 'donor')),
    witness TEXT NOT NULL,          -- boot and mount in which it was written: while they last, what was written is what is read
    tar_bytes INTEGER NOT NULL,
    content_bytes INTEGER NOT NULL,
    disk_bytes INTEGER NOT NULL,
    needs TEXT NOT NULL,            -- JSON of lib/erofs/layer-tree.ts, LayerNeeds
    created INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE layer_donors (
    layer TEXT NOT NULL REFERENCES layers(diff_id) ON DELETE CASCADE,
    position INTEGER NOT NULL,      -- in the device table of the layer's file
    donor TEXT NOT NULL REFERENCES layers(diff_id),
    PRIMARY KEY (layer, position)
  ) STRICT;
  CREATE INDEX layer_donors_by_donor ON layer_donors (donor);
  ALTER TABLE snapshots ADD COLUMN form TEXT NOT NULL DEFAULT 'directory' CHECK (form IN ('directory', 'layer'));
  ALTER TABLE snapshots ADD COLUMN tar_bytes INTEGER; -- of a sealed one: size of its tar, written or not
  `,
  `
  DELETE FROM build_steps;
  ALTER TABLE build_steps ADD COLUMN titles TEXT NOT NULL DEFAULT '[]'; -- of its layers, bottom first; JSON
  ALTER TABLE build_steps ADD COLUMN inputs TEXT NOT NULL DEFAULT '[]'; -- what it depended on; JSON of builder/steps/step.ts
  ALTER TABLE build_steps ADD COLUMN parent TEXT NOT NULL DEFAULT ''; -- key of what it was done on
  ALTER TABLE build_steps ADD COLUMN uses INTEGER NOT NULL DEFAULT 1;
  CREATE INDEX build_steps_by_snapshot ON build_steps (snapshot);
  CREATE TABLE build_slots (
    slot TEXT PRIMARY KEY,          -- place of a step: Dockerfile, context, target, platform, stage, position
    key TEXT NOT NULL,              -- the step that stood there last
    parent TEXT NOT NULL,
    used INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE build_shortcuts (
    shortcut TEXT PRIMARY KEY,      -- key without looking at files
    key TEXT NOT NULL
  ) STRICT;
  CREATE INDEX build_shortcuts_by_key ON build_shortcuts (key);
  CREATE TABLE build_blobs (
    diff_id TEXT NOT NULL,
    form TEXT NOT NULL,             -- media type and level of compression
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (diff_id, form)
  ) STRICT;
  CREATE TABLE build_records (
    ref TEXT PRIMARY KEY,
    started INTEGER NOT NULL,
    record TEXT NOT NULL            -- JSON of builder/cache/build-record.ts
  ) STRICT;
  CREATE TABLE build_step_mounts (
    step TEXT NOT NULL,
    mount TEXT NOT NULL,            -- key of a cache mount that it used
    PRIMARY KEY (step, mount)
  ) STRICT;
  CREATE TABLE cache_mounts (
    folder TEXT PRIMARY KEY,        -- name below builder/caches
    key TEXT NOT NULL,              -- id, owner, mode and what it began with
    id TEXT NOT NULL,
    description TEXT NOT NULL,
    bytes INTEGER,                  -- unknown while it is in use
    created INTEGER NOT NULL,
    used INTEGER NOT NULL,
    uses INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE build_locks (
    step TEXT PRIMARY KEY,          -- key of a step that installs packages
    resolution TEXT NOT NULL        -- JSON of ml/packages/build-lock.ts
  ) STRICT;
  CREATE TABLE build_installs (
    slot TEXT NOT NULL,             -- place of a call of pip: what lies below, settings, program
    asked TEXT NOT NULL,            -- JSON of ml/packages/asked-packages.ts
    step TEXT NOT NULL,             -- key of the step that was asked so
    used INTEGER NOT NULL,
    PRIMARY KEY (slot, asked)
  ) STRICT;
  `,
  `
  ALTER TABLE snapshots ADD COLUMN witness TEXT; -- of a tree on its way to the disk: boot and mount in which it was written
  `,
  `
  CREATE TABLE training_runs (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    started INTEGER NOT NULL,       -- ms since epoch
    record TEXT NOT NULL            -- JSON of api/training-run.ts
  ) STRICT;
  CREATE INDEX training_runs_by_project ON training_runs (project, started);
  `,
];
