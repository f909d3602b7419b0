/** The most that one layer may have as a tar: more is a mistake or an attack. */
export const LAYER_LIMIT_BYTES: number = 2 ** 40;
