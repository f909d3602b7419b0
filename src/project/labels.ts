/** Labels by which train and serve know their images and containers again. */
export const LABELS = {
  /** Name of the project. */
  project: 'berth.project',
  /** Folder it was made from. */
  directory: 'berth.directory',
  /** `serve` or `train`, on containers. */
  purpose: 'berth.purpose',
} as const;
