/** A value at a step of a training. */
export interface MetricPoint {
  name: string;
  step: number;
  value: number;
}

/** What lines of a training's log said so far. */
export interface MetricReader {
  /** Reads a line; bars that overwrite themselves count by their last state. */
  read(line: string): void;
  metrics(): { name: string; points: [step: number, value: number][] }[];
}

const NUMBER = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
/** `loss=0.31`, `val_acc: 0.9`, `accuracy on 30 others: 0.933`, `'train_loss': 1.2` */
const PAIR = new RegExp(
  String.raw`(?<![\w.])['"]?([A-Za-z][\w./ @-]{0,40}?)['"]?\s*[:=]\s*(${NUMBER})(%?)(?![\w.:/])`,
  'g',
);
const EPOCH = /\b(?:epoch|step|iter(?:ation)?|round)s?\b\s*[:=#[(]?\s*(\d+)/i;
/** XGBoost and LightGBM: `[10]	train-rmse:0.2`. */
const BRACKET = /^\s*\[(\d+)\]\s/;
const MEASURES = /(?:loss|acc(?:uracy)?|error|auc|f1|precision|recall|rmse|mse|mae|mape|r2|r²|score|perplexity|ppl|bleu|rouge|iou|dice|map(?:@?\d*)|logloss|likelihood|reward|lr|learning.?rate|psnr|ssim|fid|wer|cer|kappa|grad_norm)/i; // prettier-ignore
const MAX_POINTS = 1000;
const MAX_NAMES = 100;
const MAX_LINE_CHARACTERS = 2000;

/** Finds metrics in what a training writes: pairs of a known kind of name and a number, JSON lines, and the tables of boosters. */
export function openMetricReader(): MetricReader {
  const series = new Map<string, [number, number][]>();
  let step = 0;
  let named = 0;
  const add = (name: string, value: number): void => {
    const points = series.get(name) ?? [];
    if (points.length === 0 && series.size >= MAX_NAMES) return;
    series.set(name, points);
    const last = points.at(-1);
    const at = named > 0 ? step : (last?.[0] ?? 0) + 1;
    // A bar tells the same step many times; its last word counts.
    if (last?.[0] === at) last[1] = value;
    else points.push([at, value]);
    if (points.length > 2 * MAX_POINTS) thin(points);
  };
  return {
    read(raw) {
      const line = (raw.split('\r').findLast((part) => part.trim() !== '') ?? '').slice(0, MAX_LINE_CHARACTERS);
      const told = EPOCH.exec(line)?.[1] ?? BRACKET.exec(line)?.[1];
      if (told !== undefined) {
        step = Number(told);
        named += 1;
      }
      for (const { name, value } of pairsOf(line)) add(name, value);
    },
    metrics: () => [...series].map(([name, points]) => ({ name, points: thinned(points) })),
  };
}

function pairsOf(line: string): { name: string; value: number }[] {
  const json = /^\s*\{/.test(line) ? objectOf(line.replaceAll("'", '"')) : undefined;
  if (json !== undefined)
    return Object.entries(json).flatMap(([name, value]) => (typeof value === 'number' && MEASURES.test(name) ? [{ name, value }] : []));
  return [...line.matchAll(PAIR)].flatMap(([, name = '', number = '', percent = '']) => {
    const short = name.trim().replace(/^.*\s-\s/, '').replace(/^.*\b(?:epochs?|steps?|iter(?:ation)?s?|rounds?)\b[^A-Za-z]*/i, '');
    return MEASURES.test(short) ? [{ name: short, value: Number(number) / (percent === '%' ? 100 : 1) }] : [];
  });
} // prettier-ignore

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Every other point goes, the first and the last stay. */
function thin(points: [number, number][]): void {
  const kept = points.filter((_, index) => index % 2 === 0 || index === points.length - 1);
  points.splice(0, points.length, ...kept);
}

function thinned(points: readonly [number, number][]): [number, number][] {
  const copy = points.map(([step, value]): [number, number] => [step, value]);
  while (copy.length > MAX_POINTS) thin(copy);
  return copy;
}
