/**
 * What the serving runtime (`serving/berth_serving`) can do with a bare model, by `ModelPlan.format`, and which distributions that takes.
 * Source: the loaders of the runtime, `serving/berth_serving/formats`; a test compares both. Date: 2026-11.
 */
export interface ServingFormat {
  /** Word of `--format`. */
  format: string;
  /** Distributions without which such a file cannot be loaded, whoever wrote it. */
  distributions: readonly string[];
  /** Needed besides, by the framework that wrote the file (`ModelFacts.framework.name` in lower case). */
  byFramework: Readonly<Record<string, readonly string[]>>;
  /** What is to be known before it is served: loading it runs code, or only some models of the kind can be served. */
  caution: string | null;
}

/** Same lines as `serving/requirements.txt`. */
export const SERVING_REQUIREMENTS: readonly string[] = [
  'uvicorn>=0.23,<1',
  'httptools>=0.6,<1',
  'uvloop>=0.17,<1; platform_system == "Linux" and implementation_name == "cpython"',
];

/** Port that the runtime listens on unless `--port` or `PORT` says otherwise; what SageMaker and KServe ask. */
export const SERVING_PORT = 8080;

/** Path that says truthfully whether a model can be asked. */
export const SERVING_HEALTH = '/readyz';

const PICKLE = 'loading a pickle runs the code in it: it is done in the container only';
const BY_PICKLER = {
  'scikit-learn': ['scikit-learn'],
  xgboost: ['xgboost', 'scikit-learn'],
  lightgbm: ['lightgbm', 'scikit-learn'],
  catboost: ['catboost'],
  pandas: ['pandas'],
} as const;

export const SERVING_FORMATS: readonly ServingFormat[] = [
  { format: 'onnx', distributions: ['onnxruntime', 'numpy'], byFramework: {}, caution: null },
  { format: 'pickle', distributions: ['numpy'], byFramework: BY_PICKLER, caution: PICKLE },
  { format: 'joblib', distributions: ['joblib', 'numpy'], byFramework: BY_PICKLER, caution: PICKLE },
  { format: 'skops', distributions: ['skops', 'scikit-learn', 'numpy'], byFramework: {}, caution: null },
  { format: 'xgboost', distributions: ['xgboost', 'numpy'], byFramework: {}, caution: null },
  { format: 'lightgbm', distributions: ['lightgbm', 'numpy'], byFramework: {}, caution: null },
  { format: 'catboost', distributions: ['catboost', 'numpy'], byFramework: {}, caution: null },
  { format: 'torchscript', distributions: ['torch', 'numpy'], byFramework: {}, caution: null },
  { format: 'keras', distributions: ['tensorflow', 'numpy'], byFramework: {}, caution: null },
  { format: 'saved-model', distributions: ['tensorflow', 'numpy'], byFramework: {}, caution: null },
  {
    format: 'safetensors',
    distributions: ['transformers', 'torch', 'safetensors', 'numpy'],
    byFramework: {},
    caution: 'the folder needs a config.json with the architecture, and a tokenizer for texts',
  },
];

/** The row of a format; undefined if the runtime has no loader for it (a state dict without its class, GGUF, TFLite, …). */
export function servingFormat(format: string): ServingFormat | undefined {
  return SERVING_FORMATS.find((row) => row.format === format);
}
