import { type ByteReader, EndOfFile } from './bytes.ts';
import type { TensorFacts } from './model.ts';
import type { FoundModel, ModelReader } from './read-source.ts';
import { takeText, walkFields } from './wire-walk.ts';

/** ONNX (onnx.proto, ModelProto): version, opset, producer, inputs and outputs; weights and nodes are jumped over. */
export const readOnnx: ModelReader = async (source) => {
  if (!source.path.endsWith('.onnx')) return undefined;
  const reader = source.open();
  const found: Found = { details: {}, producer: '', producerVersion: '', inputs: [], outputs: [], weights: new Set() };
  let problem: string | undefined;
  try {
    await readModel(reader, source.bytes, found);
  } catch (error) {
    if (!(error instanceof EndOfFile)) throw error;
    problem = error.message;
  }
  return modelOf(found, problem);
};

interface Found {
  details: Record<string, string | number>;
  producer: string;
  producerVersion: string;
  inputs: TensorFacts[];
  outputs: TensorFacts[];
  /** Names of initializers: older models list them among the inputs. */
  weights: Set<string>;
}

const MAX_WEIGHT_NAMES = 20_000;

function modelOf(found: Found, problem: string | undefined): FoundModel {
  const { details, producer, producerVersion, inputs, outputs, weights } = found;
  return {
    format: 'onnx',
    framework: producer === '' ? undefined : { name: producer, version: producerVersion === '' ? null : producerVersion },
    details,
    inputs: inputs.filter(({ name }) => !weights.has(name)),
    outputs,
    problem,
  }; // prettier-ignore
}

async function readModel(reader: ByteReader, end: number, found: Found): Promise<void> {
  for await (const field of walkFields(reader, end)) {
    if (field.number === 1 && !field.isBytes) found.details['irVersion'] = field.value;
    else if (field.number === 2) found.producer = await takeText(reader, field);
    else if (field.number === 3) found.producerVersion = await takeText(reader, field);
    else if (field.number === 7) await readGraph(reader, reader.position + field.value, found);
    else if (field.number === 8) await readOpset(reader, reader.position + field.value, found);
  }
}

async function readOpset(reader: ByteReader, end: number, { details }: Found): Promise<void> {
  let [domain, version] = ['', 0];
  for await (const field of walkFields(reader, end)) {
    if (field.number === 1) domain = await takeText(reader, field);
    else if (field.number === 2) version = field.value;
  }
  details[domain === '' || domain === 'ai.onnx' ? 'opset' : `opset ${domain}`] = version;
}

async function readGraph(reader: ByteReader, end: number, found: Found): Promise<void> {
  for await (const field of walkFields(reader, end)) {
    const inner = reader.position + field.value;
    if (field.number === 11) found.inputs.push(await readValue(reader, inner));
    else if (field.number === 12) found.outputs.push(await readValue(reader, inner));
    else if (field.number === 5 && found.weights.size < MAX_WEIGHT_NAMES) await readWeightName(reader, inner, found);
  }
}

async function readWeightName(reader: ByteReader, end: number, { weights }: Found): Promise<void> {
  for await (const field of walkFields(reader, end)) if (field.number === 8) weights.add(await takeText(reader, field));
}

/** TensorProto.DataType */
const TYPES = ['', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16', 'float64', 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16'] as const; // prettier-ignore

async function readValue(reader: ByteReader, end: number): Promise<TensorFacts> {
  const facts: { name: string; type: string | undefined; shape: (number | null)[] | undefined } = {
    name: '',
    type: undefined,
    shape: undefined,
  };
  for await (const field of walkFields(reader, end)) {
    if (field.number === 1) facts.name = await takeText(reader, field);
    else if (field.number === 2) await readType(reader, reader.position + field.value, facts);
  }
  return facts;
}

async function readType(
  reader: ByteReader,
  end: number,
  facts: { type: string | undefined; shape: (number | null)[] | undefined },
): Promise<void> {
  for await (const kind of walkFields(reader, end)) {
    if (kind.number !== 1) continue;
    for await (const field of walkFields(reader, reader.position + kind.value)) {
      if (field.number === 1) facts.type = TYPES[field.value];
      else if (field.number === 2) facts.shape = await readShape(reader, reader.position + field.value);
    }
  }
}

async function readShape(reader: ByteReader, end: number): Promise<(number | null)[]> {
  const shape: (number | null)[] = [];
  for await (const dimension of walkFields(reader, end)) {
    let size: number | null = null;
    for await (const field of walkFields(reader, reader.position + dimension.value))
      if (field.number === 1 && !field.isBytes) size = field.value;
    shape.push(size);
  }
  return shape;
}
