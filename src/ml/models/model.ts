/** What a model's file says of itself. It is read byte by byte and never executed. */
export interface ModelFacts {
  path: string;
  /** See `ModelPlan.format`. */
  format: string;
  bytes: number;
  /** Program that wrote it, such as `scikit-learn`, with its version where the file says so. */
  framework: { name: string; version: string | null } | undefined;
  /** Pickle protocol, ONNX opset, GGUF version and the like, by name. */
  details: Readonly<Record<string, string | number>>;
  inputs: readonly TensorFacts[];
  outputs: readonly TensorFacts[];
  /** Globals of a pickle outside of the packages that models are made of: loading it runs them. */
  dangerous: readonly string[];
  /** Top modules that loading needs: `sklearn`, `numpy`, the project's own. */
  modules: readonly string[];
  /** Why reading ended early, in words. */
  problem: string | undefined;
}

export interface TensorFacts {
  name: string;
  /** As numpy names it: `float32`. */
  type: string | undefined;
  /** null for a dimension that may have any size; undefined where the file does not say. */
  shape: readonly (number | null)[] | undefined;
}
