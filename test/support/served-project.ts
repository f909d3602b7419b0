import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestEngine } from './engine.ts';

/** A project of `test/fixtures/projects` with a request that it answers once it is served. */
export interface AskedProject {
  name: string;
  path: string;
  /** Body in JSON; absent for a GET. */
  body?: unknown;
  /** A file that is sent as a form's field. */
  file?: { field: string; base64: string };
  answer: RegExp;
  /** Status of the answer; 200 if absent. */
  status?: number;
  flags?: readonly string[];
}

const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mNgGGbgPzYwqoFSDSMFAAAnC5JuHppx6QAAAABJRU5ErkJggg==';

const IRIS = { features: [5.1, 3.5, 1.4, 0.2] };
const WINE = [7.4, 0.7, 0, 1.9, 0.08, 11, 34, 0.99, 3.5, 0.56, 9.4];

/** What is built for real, the small ones first. */
export const ASKED: readonly AskedProject[] = [
  { name: 'flask-factory', path: '/api/mood', body: { text: 'what a great day' }, answer: /"polarity": ?0\.8/ },
  { name: 'bare-onnx', path: '/predictions', body: { instances: [WINE] }, answer: /predictions|quality/ },
  { name: 'hatch-handler', path: '/predictions', body: { amount: 9000, hour: 3, foreign: true }, answer: /"fraud": ?true/ },
  { name: 'lightgbm-fastapi', path: '/rain', body: { pressure: 1002, humidity: 80 }, answer: /"probability":0\.\d+/ },
  { name: 'sklearn-flask', path: '/predict', body: IRIS, answer: /setosa/ },
  { name: 'numpy-two', path: '/price?area=60', answer: /"price":1\d\d/ },
  { name: 'nested-requirements', path: '/price?rooms=3&area=80', body: {}, answer: /"price":\d+/ },
  { name: 'model-class', path: '/predictions', body: { x: [[1, 2]] }, answer: /"y"/ },
  { name: 'bare-sklearn', path: '/predictions', body: { instances: [[1, 1], [0, 0]] }, answer: /true.*false/i },
  { name: 'bare-xgboost', path: '/predictions', body: { instances: [[1, 2, 3]] }, answer: /\d\.\d/ },
  { name: 'setup-cfg-dash', path: '/_dash-layout', answer: /Air quality/ },
  { name: 'gradio-sklearn', path: '/gradio_api/call/which', body: { data: [13, 2] }, answer: /event_id/ },
  { name: 'misnamed-requirement', path: '/_stcore/health', answer: /ok/ },
  // Its kernel was 3.12, for which there is no stand-in where no registry can be reached.
  { name: 'notebook-only', path: '/api', answer: /"version"/, flags: ['--python', '3.11'] },
  { name: 'no-manifest', path: '/count', file: { field: 'picture', base64: PICTURE }, answer: /"coins": ?\d/ },
  { name: 'argparse-port', path: '/health', answer: /"ok": ?true/ },
  { name: 'guarded-cuda', path: '/forward', body: { x: [[1, 2]] }, answer: /"y"/ },
  { name: 'tensorflow-keras3', path: '/xor?a=1&b=0', answer: /"xor":\d/ },
]; // prettier-ignore

/** The project copied to `folder` and served. @returns what is wrong, undefined if it answers as it should */
export async function serveAndAsk(
  engine: TestEngine,
  { name, flags = [], ...question }: AskedProject,
  folder: string,
): Promise<{ problem: string | undefined; image: string }> {
  const project = join(folder, name);
  await cp(`test/fixtures/projects/${name}`, project, { recursive: true });
  const { code, stdout, stderr } = await engine.berth('serve', '--json', ...flags, project);
  if (code !== 0) return { problem: `${name} is not served: ${stderr.slice(-2000)}`, image: '' };
  const { address, image } = JSON.parse(stdout) as { address: { port: number }; image: string };
  const { status, text } = await ask(`http://127.0.0.1:${address.port}${question.path}`, question);
  const right = status === (question.status ?? 200) && question.answer.test(text);
  return { problem: right ? undefined : `${name} answers ${status}: ${text.slice(0, 500)}`, image };
}

async function ask(
  url: string,
  { body, file }: Pick<AskedProject, 'body' | 'file'>,
): Promise<{ status: number; text: string }> {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(url, requestOf(body, file)).catch((error: Error) => error);
    if (response instanceof Response) {
      // A server may listen before its model is loaded.
      if (response.status !== 503 || attempt > 100) return { status: response.status, text: await response.text() };
    } else if (attempt > 100) return { status: 0, text: String(response) };
    await sleep(200);
  }
}

function requestOf(body: unknown, file: AskedProject['file']): RequestInit {
  if (file !== undefined) {
    const form = new FormData();
    form.set(file.field, new Blob([Buffer.from(file.base64, 'base64')]), 'picture.png');
    return { method: 'POST', body: form };
  }
  if (body === undefined) return {};
  return { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}
