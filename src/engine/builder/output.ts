/** Where the text of a build goes; stages that run side by side are shown one after another. */
export interface BuildOutput {
  /** One for each stage, in the order in which they are shown. */
  stage(): StageOutput;
  /** After all stages. */
  write(text: string): void;
  /** Shows what an ended stage still holds, also if one before it never ends. */
  reveal(stage: StageOutput): void;
}

export interface StageOutput {
  write(text: string): void;
  /** A line for programs, such as the progress of a pull. */
  progress(message: object): void;
  end(): void;
}

/** A piece of what clients are told: text, or a message. */
export type Piece = string | object;

interface Buffered extends StageOutput {
  held: Piece[];
  isEnded: boolean;
  isLive: boolean;
}

/** The first stage that has not ended is live, the others are held back. */
export function createOutput(show: (piece: Piece) => void): BuildOutput {
  const stages: Buffered[] = [];
  const flush = (stage: Buffered): void => {
    for (const piece of stage.held.splice(0)) show(piece);
  };
  const advance = (): void => {
    for (const stage of stages) {
      stage.isLive = true;
      flush(stage);
      if (!stage.isEnded) return;
    }
  };
  const add = (stage: Buffered, piece: Piece): void => {
    if (stage.isLive) show(piece);
    else stage.held.push(piece);
  };
  return {
    stage() {
      const stage: Buffered = {
        held: [],
        isEnded: false,
        isLive: stages.every(({ isEnded }) => isEnded),
        write: (text) => add(stage, text),
        progress: (message) => add(stage, message),
        end() {
          stage.isEnded = true;
          if (stage.isLive) advance();
        },
      };
      stages.push(stage);
      return stage;
    },
    write: (text) => show(text),
    reveal(stage) {
      flush(stage as Buffered);
    },
  };
}
