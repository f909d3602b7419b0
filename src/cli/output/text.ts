// eslint-disable-next-line no-control-regex -- the range is the point
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// eslint-disable-next-line no-control-regex -- escape sequences begin with a control character
const COLOUR_OR_CONTROL = /(\u001b\[[0-9;]*m)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

// eslint-disable-next-line no-control-regex -- the same
const OWN_STYLE = /(\u001b\[(?:0|1|2|31|32|33|36)m)/;

/** A line of ours, in which text of others may stand: the styles that `Output.style` gives stay, all else that could steer a terminal goes. */
export function cleanStyled(text: string): string {
  const pieces = text.split(OWN_STYLE);
  return pieces.map((piece) => (OWN_STYLE.test(piece) ? piece : clean(piece))).join('');
}

/** Text of others without what could steer a terminal; line breaks and tabs stay. */
export function clean(text: string): string {
  return text.replace(CONTROLS, '');
}

/** The same, in one line. */
export function cleanLine(text: string): string {
  return clean(text).replace(/[\n\t]+/g, ' ');
}

/** Output of a build: colours and carriage returns stay, everything else that steers a terminal goes. */
export function cleanOutput(text: string, { colours }: { colours: boolean }): string {
  return text.replace(COLOUR_OR_CONTROL, (_, colour: string | undefined) => (colours ? (colour ?? '') : ''));
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const NO_WIDTH = /\p{Mark}|\p{Default_Ignorable_Code_Point}/u;

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Fills up with spaces to a width. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** Cuts a text that is wider, with an ellipsis for what is gone. */
export function cutTo(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
