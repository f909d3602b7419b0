import { baseOf } from '../files.ts';
import type { ClassFacts, FunctionFacts, PythonModule } from '../python/module.ts';

/** A function or class of a file that answers requests once something calls it. */
export interface HandlerFacts {
  /** Name in the file. */
  attribute: string;
  line: number;
  /** Whose convention it follows. */
  style: 'cog' | 'sagemaker' | 'class' | 'function' | 'lambda';
}

const FILES =
  /^(?:predict|predictor|prediction|inference|infer|handler|serve|serving|model|service|app|main|endpoint|api|pipeline|model_handler|custom_handler|lambda_function|index|score)\.py$/;
const CLASSES =
  /^(?:\w*Predictor|Model|\w*ModelHandler|EndpointHandler|InferlessPythonModel|Handler|\w*Inference|\w*Service|\w*Classifier|\w*Pipeline)$/;
const FUNCTIONS = [
  'predict',
  'infer',
  'inference',
  'run_inference',
  'predict_fn',
  'handler',
  'handle',
  'classify',
  'generate',
  'score',
] as const;
/** Bases that make a class part of a model, not something that answers. */
const NO_HANDLER = /(?:^|\.)(?:Module|LightningModule|BaseEstimator|ClassifierMixin|RegressorMixin|TransformerMixin|Dataset|Model|BaseModel|Layer|ABC|Enum|Protocol|PreTrainedModel|TestCase)$/; // prettier-ignore

/** What of a file the serving runtime can call; undefined if it has no such thing. */
export function handlerOf(module: PythonModule): HandlerFacts | undefined {
  const cog = !module.imports.some(({ module: name }) => name.split('.')[0] === 'cog') ? undefined : module.classes.find(({ bases }) => bases.some((base) => /(?:^|\.)(?:BasePredictor|BaseRunner)$/.test(base)));
  if (cog !== undefined) return { attribute: cog.name, line: cog.line, style: 'cog' };
  // `model_fn(features, labels, mode, params)` is one of TensorFlow's estimators.
  const sagemaker = ['model_fn', 'predict_fn'].map((name) => module.functions.find((item) => item.name === name && item.parameters.length < 4));
  const [load, ask] = sagemaker;
  if (load !== undefined) return { attribute: ask === undefined ? 'model_fn' : 'predict_fn', line: load.line, style: 'sagemaker' };
  if (!FILES.test(baseOf(module.path)) || module.options.length > 0) return undefined;
  const lambda = module.functions.find(({ name, parameters }) => name === 'lambda_handler' && parameters.length === 2);
  if (lambda !== undefined) return { attribute: lambda.name, line: lambda.line, style: 'lambda' };
  const found = module.classes.find(isHandlerClass);
  if (found !== undefined) return { attribute: found.name, line: found.line, style: 'class' };
  const named = FUNCTIONS.map((name) => module.functions.find((item) => item.name === name && takesInput(item)));
  const first = named.find((item) => item !== undefined);
  const isProgram = module.isScript && (readsCommandLine(module) || /^(?:main|app|index|pipeline|model)\.py$/.test(baseOf(module.path)));
  return first === undefined || isProgram ? undefined : { attribute: first.name, line: first.line, style: 'function' };
} // prettier-ignore

function readsCommandLine({ calls }: PythonModule): boolean {
  return [...calls].some((call) => /parse_args$|^input$|^fire\.Fire$|^typer\./.test(call));
}

function isHandlerClass({ name, bases, methods }: ClassFacts): boolean {
  if (!CLASSES.test(name) || bases.some((base) => NO_HANDLER.test(base))) return false;
  const method = (wanted: string): FunctionFacts | undefined => methods.find((item) => item.name === wanted);
  const asks = ['predict', '__call__', 'infer', 'handle', 'inference'].some((wanted) => method(wanted) !== undefined);
  const isFree = method('__init__')?.parameters.slice(1).every(({ name: own, fallback }) => fallback !== undefined || own.startsWith('*') || /^(?:path|model_dir)$/.test(own)) ?? true; // prettier-ignore
  const trains = method('fit') !== undefined || method('train') !== undefined || method('forward') !== undefined;
  return asks && isFree && !trains;
}

/** One that takes what is asked, and neither the arguments of a command line nor a model. */
function takesInput({ parameters }: FunctionFacts): boolean {
  const demanded = parameters.filter(({ name, fallback }) => fallback === undefined && !name.startsWith('*'));
  const isForeign = demanded.some(({ name }) => /^(?:args|argv|opt|opts|options|cfg|config|model|net|self|clf|estimator|loader|dataloader|tokenizer)$/.test(name)); // prettier-ignore
  return parameters.length > 0 && !isForeign;
}
