import type { SyntaxNode } from '@lezer/common';
import { childrenOf, evaluate, lineOf, type Scope, textOf } from './evaluate.ts';
import type { Scene } from './found.ts';
import type { Literal } from './literal.ts';
import type { FunctionFacts, Parameter } from './module.ts';

const MAX_DEFINITIONS = 400;
const MAX_FIELDS = 60;

/** Functions at the top of the file; methods belong to their class. */
export function noteFunction({ scope, found, around }: Scene, node: SyntaxNode): void {
  if (around.inside !== undefined || around.ofClass !== undefined || found.functions.length >= MAX_DEFINITIONS) return;
  found.functions.push(functionOf(scope, node));
}

function functionOf(scope: Scope, node: SyntaxNode): FunctionFacts {
  const name = node.getChild('VariableName');
  const list = node.getChild('ParamList');
  return {
    name: name === null ? '' : textOf(scope, name),
    line: lineOf(scope, node),
    parameters: list === null ? [] : parametersOf(scope, list),
    decorators: decoratorsOf(scope, node),
    isAsync: node.getChild('async') !== null,
  };
}

/** Names of the decorators of a definition, without their arguments. */
function decoratorsOf(scope: Scope, node: SyntaxNode): string[] {
  if (node.parent?.name !== 'DecoratedStatement') return [];
  return node.parent.getChildren('Decorator').map((decorator) =>
    textOf(scope, decorator)
      .slice(1)
      .replace(/[(\s][^]*$/, ''),
  );
}

/** Parameters of a definition, `*` and `**` with their stars. */
export function parametersOf(scope: Scope, list: SyntaxNode): Parameter[] {
  const parameters: { name: string; annotation: string | undefined; fallback: Parameter['fallback'] }[] = [];
  let stars = '';
  let expectsValue = false;
  for (const part of childrenOf(list)) {
    const last = parameters.at(-1);
    if (part.name === '*' || part.name === '**') stars = part.name;
    else if (part.name === 'AssignOp') expectsValue = true;
    else if (part.name === 'TypeDef' && last !== undefined) last.annotation = annotationOf(scope, part);
    else if (expectsValue && last !== undefined && part.name !== 'Comment') {
      last.fallback = { value: shownValue(last.name, evaluate(scope, part)) };
      expectsValue = false;
    } else if (part.name === 'VariableName') {
      parameters.push({ name: stars + textOf(scope, part), annotation: undefined, fallback: undefined });
      stars = '';
    } else if (part.name === ',') stars = '';
  }
  return parameters;
}

const SECRET_NAME = /key|token|secret|passw|credential/i;
const SECRET_VALUE = /^(?:sk|pk|hf|gh[pousr]|xox[bp]|AKIA|AIza|eyJ)[\w-]{6,}/;
const MAX_SHOWN = 60;

/** A default that may be shown and kept: none that is, or may be, the key of a service. */
export function shownValue(name: string, value: Literal | undefined): Literal | undefined {
  if (SECRET_NAME.test(name)) return undefined;
  const isHidden = typeof value === 'string' && (value.length > MAX_SHOWN || SECRET_VALUE.test(value));
  return isHidden ? undefined : value;
}

function annotationOf(scope: Scope, node: SyntaxNode): string {
  return textOf(scope, node).replace(/^(?::|->)\s*/, '').slice(0, 200); // prettier-ignore
}

export function noteClass({ scope, found, around }: Scene, node: SyntaxNode): void {
  if (around.inside !== undefined || found.classes.length >= MAX_DEFINITIONS) return;
  const name = node.getChild('VariableName');
  const body = node.getChild('Body');
  const statements = body === null ? [] : childrenOf(body);
  found.classes.push({
    name: name === null ? '' : textOf(scope, name),
    line: lineOf(scope, node),
    bases: basesOf(scope, node),
    decorators: decoratorsOf(scope, node),
    methods: statements
      .flatMap((part) => (part.name === 'DecoratedStatement' ? part.getChildren('FunctionDefinition') : part))
      .filter((part) => part.name === 'FunctionDefinition')
      .map((part) => functionOf(scope, part)),
    fields: statements
      .filter((part) => part.name === 'AssignStatement')
      .slice(0, MAX_FIELDS)
      .flatMap((part) => fieldOf(scope, part) ?? []),
  });
}

function basesOf(scope: Scope, node: SyntaxNode): string[] {
  const list = node.getChild('ArgList');
  if (list === null) return [];
  return childrenOf(list)
    .filter(({ name }) => name === 'VariableName' || name === 'MemberExpression')
    .map((part) => textOf(scope, part));
}

/** `name: str = "x"` in the body of a class. */
function fieldOf(scope: Scope, node: SyntaxNode): Parameter | undefined {
  const parts = childrenOf(node);
  const type = parts.find(({ name }) => name === 'TypeDef');
  if (parts[0]?.name !== 'VariableName' || type === undefined) return undefined;
  const hasValue = parts.some(({ name }) => name === 'AssignOp');
  const value = parts.at(-1);
  const isRequired = value !== undefined && /^(?:\w+\.)?Field\(\s*\.\.\./.test(textOf(scope, value).slice(0, 60));
  return {
    name: textOf(scope, parts[0]),
    annotation: annotationOf(scope, type),
    fallback:
      hasValue && value !== undefined && !isRequired
        ? { value: shownValue(textOf(scope, parts[0]), evaluate(scope, value)) }
        : undefined,
  };
}
