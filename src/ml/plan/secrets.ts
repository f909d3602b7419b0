import type { ProjectFacts } from '../detect/project.ts';
import type { HubModel, ProjectPlan } from './plan.ts';

/** Owners of models that only those who agreed to a licence may fetch. Source: the pages of these on the Hugging Face Hub, 2026-11. */
const GATED =
  /^(?:meta-llama|google\/gemma|google\/paligemma|google\/medgemma|mistralai\/(?:Mistral-(?:7B-Instruct-v0\.3|Large|Small)|Mixtral|Codestral|Ministral)|stabilityai\/stable-diffusion-3|black-forest-labs\/FLUX\.1-dev|pyannote|bigcode\/starcoder|CohereForAI|databricks\/dbrx|facebook\/(?:sam3|dinov3))/;
const TOKENS = /^(?:HF_TOKEN|HUGGING_?FACE(?:_?HUB)?(?:_API)?_TOKEN|HF_API_TOKEN)$/;

/** Credentials by name that building or starting the project needs; never their values. */
export function planSecrets(
  facts: ProjectFacts,
  hubModels: readonly HubModel[],
  environment: ProjectPlan['environment'],
): ProjectPlan['secrets'] {
  const found = new Map<string, string>();
  for (const { kind, name, file, line } of facts.manifest?.credentials ?? [])
    if (kind === 'variable') found.set(name, `${file}:${line} puts it into an address`);
    else found.set('netrc', `${file}:${line} holds a password for ${name}`);
  const gated = hubModels.find(({ hub, name }) => hub === 'huggingface' && GATED.test(name));
  const asked = environment.find(({ name }) => TOKENS.test(name));
  if (gated !== undefined) found.set('HF_TOKEN', `${gated.name} is only for those who agreed to its licence`);
  else if (asked !== undefined && hubModels.length > 0) found.set(asked.name, `${asked.evidence.file}:${asked.evidence.line} reads it, to fetch models`);
  return [...found].map(([name, why]) => ({ name, why }));
} // prettier-ignore
