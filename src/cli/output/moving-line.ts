import { cleanLine, cutTo } from './text.ts';

/** Some terminals do not tell how wide they are. */
const USUAL_COLUMNS = 80;

/** One line at the bottom of a terminal that is written over and over. */
export interface MovingLine extends Disposable {
  show(text: string): void;
  /** Takes it away, so that something else can be printed. */
  clear(): void;
}

/** @param target undefined where there is no terminal: nothing is shown then */
export function movingLine(target: NodeJS.WriteStream | undefined): MovingLine {
  let isShown = false;
  const clear = (): void => {
    if (isShown) target?.write('\r\u001b[2K');
    isShown = false;
  };
  return {
    show(text) {
      target?.write(`\r\u001b[2K${cutTo(cleanLine(text), (target.columns || USUAL_COLUMNS) - 1)}`);
      isShown = true;
    },
    clear,
    [Symbol.dispose]: clear,
  };
}
