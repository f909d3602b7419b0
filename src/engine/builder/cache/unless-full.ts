/** Writes what may as well not be written: that the disk is full is met again by what must be. */
export function unlessFull(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!/disk is full|readonly|disk I\/O/i.test(String(error))) throw error;
  }
}
