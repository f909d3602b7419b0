import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

/** A start that needs the network, and gigabytes of it. */
export const modelDownloadAtStart: ProjectRule = {
  code: 'model-download-at-start',
  severity: 'note',
  title: 'models are there before the program starts',
  why: 'Each new container fetches the model again, slowly, and not at all when the hub is down; another revision may come without notice.',
  good: { 'app.py': APP, 'requirements.txt': 'flask==3.0.3\n' },
  bad: { 'app.py': `from transformers import pipeline\n${APP}ask = pipeline('sentiment-analysis', model='org/small-model')\n`, 'requirements.txt': 'flask==3.0.3\ntransformers==4.46.0\ntorch==2.5.1\n' },
  *check({ plan }) {
    for (const { name, evidence } of plan.hubModels.slice(0, 5))
      yield { file: evidence.file, line: evidence.line, message: `${name} is fetched when the program starts`, fix: 'keep the cache in a volume (HF_HOME), or fetch it in the build' };
  },
}; // prettier-ignore
