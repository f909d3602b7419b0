import { expect, test } from 'vitest';
import { treeOf } from '../files.ts';
import { planProject } from './plan-project.ts';

const APP = 'from fastapi import FastAPI\napp = FastAPI()\n';

/** Requirements, code beside the app, what is found hidden. */
const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ['fastapi\nuvicorn', 'from fastapi import Form, UploadFile\n', ['python-multipart']],
  ['fastapi\nuvicorn', 'from fastapi.security import OAuth2PasswordRequestForm\n', ['python-multipart']],
  ['fastapi\nuvicorn\npython-multipart', 'from fastapi import Form\n', []],
  ['fastapi[standard]', 'from fastapi import Form\nfrom fastapi.templating import Jinja2Templates\n', []],
  ['fastapi\nuvicorn', 'from fastapi import templating\n', ['jinja2']],
  ['fastapi\nuvicorn\nflask', 'from fastapi.templating import Jinja2Templates\n', []],
  ['fastapi\nuvicorn', 'try:\n    from fastapi import Form\nexcept ImportError:\n    pass\n', []],
  ['fastapi\nuvicorn\npandas', 'import pandas as pd\nframe = pd.read_excel("a.xlsx")\n', ['openpyxl']],
  ['fastapi\nuvicorn\npandas', 'import pandas as pd\nframe = pd.read_csv("a.csv")\n', []],
  ['fastapi\nuvicorn\npandas\nfastparquet', 'import pandas as pd\nframe = pd.read_parquet("a.parquet")\n', []],
  ['fastapi\nuvicorn\ntransformers', 'from transformers import pipeline\n', ['torch']],
  ['fastapi\nuvicorn\ntransformers', 'from transformers import AutoTokenizer\n', []],
  ['fastapi\nuvicorn\ntransformers\ntensorflow', 'from transformers import pipeline\n', []],
  ['fastapi\nuvicorn\ntransformers\nsentence-transformers', 'from transformers import pipeline\n', []],
  ['fastapi\nuvicorn', 'from pydantic import BaseModel, EmailStr\n', ['email-validator']],
];

test.each(CASES)('%j with %j', async (requirements, code, hidden) => {
  const plan = await planProject(treeOf({ 'requirements.txt': requirements, 'main.py': code + APP }), {
    directory: 'x',
  });
  const found = plan.findings.filter((finding) => finding.code === 'hidden-requirement');
  expect(found.map(({ fix }) => /^add (\S+) to requirements\.txt$/.exec(fix ?? '')?.[1])).toEqual(hidden);
  for (const name of hidden) expect(plan.install.arguments).toContain(name);
});

test('torch that transformers needs comes for processors, as any other', async () => {
  const texts = {
    'requirements.txt': 'fastapi\nuvicorn\ntransformers',
    'main.py': `from transformers import pipeline\n${APP}`,
  };
  const plan = await planProject(treeOf(texts), { directory: 'x' });
  expect(plan).toMatchObject({ accelerator: 'cpu', indexes: ['https://download.pytorch.org/whl/cpu'] });
  expect(plan.frameworks).toContainEqual({ name: 'torch', version: null, source: 'import' });
});
