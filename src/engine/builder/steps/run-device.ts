import { InvalidArgumentError } from '#lib/errors.ts';

/** What `RUN --device` asks for. */
export interface RunDevice {
  /** `vendor/class=name`, `vendor/class` for any of the class, `vendor/class=*` for all. */
  name: string;
  isRequired: boolean;
}

const NAME = /^[A-Za-z](?:[\w.-]*[A-Za-z0-9])?\/[A-Za-z](?:[\w-]*[A-Za-z0-9])?(?:=(?:\*|[A-Za-z0-9][\w.:-]*))?$/;

/** `vendor/class=name`, with or without `name=` before it and `,required` behind. @throws {InvalidArgumentError} */
export function parseRunDevice(text: string): RunDevice {
  let name = '';
  let isRequired = false;
  for (const field of text.split(',')) {
    const [, key = '', value] = /^(name|required)(?:=(.*))?$/.exec(field) ?? [];
    if (key === 'required') isRequired = flagOf(field, value);
    else if (name !== '') throw invalid(text, `${field} is no option of it`);
    else name = key === 'name' ? (value ?? '') : field;
  }
  if (NAME.test(name)) return { name, isRequired };
  throw invalid(text, name === '' ? 'it names no device' : `${JSON.stringify(name)} is not the name of a device`);
}

function flagOf(field: string, value: string | undefined): boolean {
  if (value === undefined || value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new InvalidArgumentError(`invalid value for required: ${field}`, { hint: 'it is true or false' });
}

function invalid(text: string, why: string): InvalidArgumentError {
  return new InvalidArgumentError(`invalid device ${JSON.stringify(text)}`, {
    why,
    hint: 'write --device=vendor/class=name, such as --device=nvidia.com/gpu=all',
  });
}
