import type { SnapshotName } from '#engine/snapshots/snapshotter.ts';
import { type Database, transaction } from '#lib/sqlite.ts';
import type { StepInput } from '../steps/step.ts';
import { formatInputs, parseInputs, withoutFiles } from './step-inputs.ts';
import { unlessFull } from './unless-full.ts';
import type { Digest } from '#oci/digest.ts';

/** A step that was done once. */
export interface StepRecord {
  key: string;
  /** Key of what it was done on. */
  parent: string;
  /** What it left; undefined for a step that changed no file. */
  snapshot: SnapshotName | undefined;
  /** Of the snapshot, once it is known. */
  diffId: Digest | undefined;
  /** Of its layers, as the history has them; bottom first. */
  titles: readonly string[];
  description: string;
  /** Milliseconds since epoch. */
  created: number;
  used: number;
  uses: number;
}

/** The table of steps. That a step was used is written a moment later, with others: nobody waits for the disk. */
export interface StepRecords {
  find(key: string): StepRecord | undefined;
  list(): StepRecord[];
  /** Writes what waits to be written. */
  flush(): void;
  put(step: Omit<StepRecord, 'used' | 'uses'>, inputs: readonly StepInput[]): void;
  /** What it depended on. */
  inputs(key: string): readonly StepInput[] | undefined;
  touch(key: string): void;
  seal(snapshot: SnapshotName, diffId: Digest): void;
  /** Follows a snapshot that got another name, or gave way to one with the same content. */
  rename(snapshot: SnapshotName, to: SnapshotName): void;
  remove(key: string): void;
  /** Keys of the cache mounts that a step used when it was done. */
  mounts(key: string): string[];
  addMounts(key: string, mounts: Iterable<string>): void;
  /** The step that a shortcut leads to. */
  follow(shortcut: string): string | undefined;
  shorten(shortcut: string, key: string): void;
  /** The step that stood at a place the last time. */
  atSlot(slot: string): SlotRecord | undefined;
  setSlot(slot: string, record: SlotRecord): void;
}

/** What stood at a place. */
export interface SlotRecord {
  key: string;
  parent: string;
}

const LATER_MS = 2000;
/** Places that are remembered; those that were built longest ago go first. */
const SLOT_LIMIT = 20_000;

const COLUMNS = 'key, parent, snapshot, diff_id, titles, description, created, used, uses';

export function createStepRecords(database: Database): StepRecords {
  const later = createLater(database);
  const reads = createReads(database);
  const insert = database.prepare(
    `INSERT INTO build_steps (key, parent, snapshot, diff_id, titles, inputs, description, created, used)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET parent = excluded.parent, snapshot = excluded.snapshot, diff_id = excluded.diff_id,
       titles = excluded.titles, inputs = excluded.inputs, description = excluded.description,
       created = excluded.created, used = excluded.used, uses = uses + 1`,
  );
  const seal = database.prepare('UPDATE build_steps SET diff_id = ? WHERE snapshot = ?');
  const rename = database.prepare('UPDATE build_steps SET snapshot = ? WHERE snapshot = ?');
  const removals = [
    'DELETE FROM build_steps WHERE key = ?',
    'DELETE FROM build_shortcuts WHERE key = ?',
    'DELETE FROM build_step_mounts WHERE step = ?',
  ].map((sql) => database.prepare(sql));
  const mountsOf = database.prepare('SELECT mount FROM build_step_mounts WHERE step = ?');
  const addMount = database.prepare('INSERT OR IGNORE INTO build_step_mounts (step, mount) VALUES (?, ?)');
  return {
    ...reads,
    list() {
      later.flush();
      return reads.list();
    },
    put({ key, parent, snapshot, diffId, titles, description, created }, inputs) {
      // eslint-disable-next-line max-params -- one for each column
      insert.run(
        key,
        parent,
        snapshot ?? '',
        diffId ?? '',
        JSON.stringify(titles),
        formatInputs(inputs),
        description,
        created,
        Date.now(),
      );
    },
    touch: (key) => later.touch(key),
    flush: () => later.flush(),
    seal: (snapshot, diffId) => void seal.run(diffId, snapshot),
    rename: (snapshot, to) => void rename.run(to, snapshot),
    remove: (key) => transaction(database, () => removals.forEach((statement) => statement.run(key))),
    mounts: (key) => mountsOf.all(key).map((row) => String(row['mount'])),
    addMounts: (key, mounts) =>
      transaction(database, () => {
        for (const mount of mounts) addMount.run(key, mount);
      }),
    follow: (shortcut) => later.follow(shortcut) ?? reads.follow(shortcut),
    shorten: (shortcut, key) => later.shorten(shortcut, key),
    atSlot: (slot) => later.atSlot(slot) ?? reads.atSlot(slot),
    setSlot: (slot, record) => later.setSlot(slot, record),
  };
}

function createReads(database: Database): Pick<StepRecords, 'find' | 'list' | 'inputs' | 'follow' | 'atSlot'> {
  const byKey = database.prepare(`SELECT ${COLUMNS} FROM build_steps WHERE key = ?`);
  const all = database.prepare(`SELECT ${COLUMNS} FROM build_steps ORDER BY used`);
  const inputsOf = database.prepare('SELECT inputs FROM build_steps WHERE key = ?');
  const byShortcut = database.prepare('SELECT key FROM build_shortcuts WHERE shortcut = ?');
  const bySlot = database.prepare('SELECT key, parent FROM build_slots WHERE slot = ?');
  return {
    find(key) {
      const row = byKey.get(key);
      return row === undefined ? undefined : parseRow(row);
    },
    list: () => all.all().map(parseRow),
    inputs(key) {
      const row = inputsOf.get(key);
      return row === undefined ? undefined : parseInputs(String(row['inputs']));
    },
    follow: (shortcut) => byShortcut.get(shortcut)?.['key'] as string | undefined,
    atSlot(slot) {
      const row = bySlot.get(slot);
      return row === undefined ? undefined : { key: String(row['key']), parent: String(row['parent']) };
    },
  };
}

interface Later {
  touch(key: string): void;
  follow(shortcut: string): string | undefined;
  shorten(shortcut: string, key: string): void;
  atSlot(slot: string): SlotRecord | undefined;
  setSlot(slot: string, record: SlotRecord): void;
  flush(): void;
}

/** What may get lost when the engine dies at once: it costs a cached step its place in a list, not more. */
function createLater(database: Database): Later {
  const touched = new Map<string, { used: number; uses: number }>();
  const shortcuts = new Map<string, string>();
  const slots = new Map<string, SlotRecord>();
  const write = createWrite(database, { touched, shortcuts, slots });
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!database.isOpen || touched.size + shortcuts.size + slots.size === 0) return;
    write();
    touched.clear();
    shortcuts.clear();
    slots.clear();
  };
  const soon = (): void => {
    // A full disk is met again by what must be written.
    timer ??= setTimeout(() => unlessFull(flush), LATER_MS).unref();
  };
  return {
    flush: () => unlessFull(flush),
    touch(key) {
      touched.set(key, { used: Date.now(), uses: (touched.get(key)?.uses ?? 0) + 1 });
      soon();
    },
    follow: (shortcut) => shortcuts.get(shortcut),
    shorten(shortcut, key) {
      shortcuts.set(shortcut, key);
      soon();
    },
    atSlot: (slot) => slots.get(slot),
    setSlot(slot, record) {
      slots.set(slot, record);
      soon();
    },
  };
}

interface Pending {
  touched: ReadonlyMap<string, { used: number; uses: number }>;
  shortcuts: ReadonlyMap<string, string>;
  slots: ReadonlyMap<string, SlotRecord>;
}

function createWrite(database: Database, { touched, shortcuts, slots }: Pending): () => void {
  const touch = database.prepare('UPDATE build_steps SET used = ?, uses = uses + ? WHERE key = ?');
  const shorten = database.prepare('INSERT OR REPLACE INTO build_shortcuts (shortcut, key) VALUES (?, ?)');
  const setSlot = database.prepare('INSERT OR REPLACE INTO build_slots (slot, key, parent, used) VALUES (?, ?, ?, ?)');
  const former = database.prepare(
    'SELECT s.key, s.inputs FROM build_slots b JOIN build_steps s ON s.key = b.key WHERE b.slot = ? AND b.key <> ?',
  );
  const strip = database.prepare('UPDATE build_steps SET inputs = ? WHERE key = ?');
  const bound = database.prepare(
    `DELETE FROM build_slots WHERE slot IN (SELECT slot FROM build_slots ORDER BY used DESC LIMIT -1 OFFSET ${SLOT_LIMIT})`,
  );
  return () =>
    transaction(database, () => {
      for (const [key, { used, uses }] of touched) touch.run(used, uses, key);
      for (const [shortcut, key] of shortcuts) shorten.run(shortcut, key);
      const now = Date.now();
      for (const [slot, { key, parent }] of slots) {
        // Thousands of files are listed for the step that stood there last, not for all that ever did.
        const row = former.get(slot, key);
        if (row !== undefined) strip.run(withoutFiles(String(row['inputs'])), String(row['key']));
        setSlot.run(slot, key, parent, now); // eslint-disable-line max-params -- one for each column
      }
      if (slots.size > 0) bound.run();
    });
}

function parseRow(row: Record<string, unknown>): StepRecord {
  const snapshot = String(row['snapshot']);
  const diffId = String(row['diff_id']);
  return {
    key: String(row['key']),
    parent: String(row['parent']),
    snapshot: snapshot === '' ? undefined : snapshot,
    diffId: diffId === '' ? undefined : (diffId as Digest),
    titles: JSON.parse(String(row['titles'])) as string[],
    description: String(row['description']),
    created: Number(row['created']),
    used: Number(row['used']),
    uses: Number(row['uses']),
  };
}
