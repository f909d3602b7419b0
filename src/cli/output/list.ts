import type { Output } from './output.ts';
import { clean } from './text.ts';
import { compileTemplate } from './template.ts';

/** A row by the field names that `--format` knows; a function takes arguments (`{{.Label "k"}}`). */
export type Fields = Readonly<Record<string, string | boolean | number | ((key: string) => string)>>;

/** What a list shows, and how. */
export interface List {
  /** Columns of the table: field and title. */
  columns: readonly { field: string; title: string; shrinks?: boolean }[];
  rows: readonly Fields[];
  /** `json`, `table`, `table TEMPLATE`, or a template for each row. */
  format: string | undefined;
  /** Only this field of each row. */
  quiet?: string | undefined;
}

function cell(value: Fields[string] | undefined): string {
  return typeof value === 'function' || value === undefined ? '' : String(value);
}

/** Prints a list as Docker's CLI does. @throws {InvalidArgumentError} for a template that does not work */
export function printList(output: Output, { columns, rows, format, quiet }: List): void {
  if (quiet !== undefined && format === undefined) {
    for (const row of rows) output.line(cell(row[quiet]));
    return;
  }
  if (format === 'json') {
    for (const row of rows) output.line(JSON.stringify(row));
    return;
  }
  if (format === undefined || format === 'table') {
    const shown = columns.map(({ field, title, shrinks = false }) => ({
      title,
      shrinks,
      text: (row: Fields) => cell(row[field]),
    }));
    output.table(shown, rows);
    return;
  }
  if (format.startsWith('table ')) printTemplateTable(output, { columns, rows, template: format.slice(6).trim() });
  else {
    const template = compileTemplate(format);
    for (const row of rows) output.line(template(row));
  }
}

/** `table {{.ID}}\t{{.Names}}`: the titles are the fields' own. */
function printTemplateTable(
  output: Output,
  { columns, rows, template }: { columns: List['columns']; rows: readonly Fields[]; template: string },
): void {
  const render = compileTemplate(template);
  const titles = Object.fromEntries(
    Object.keys(rows[0] ?? {}).map((field) => [
      field,
      columns.find((column) => column.field === field)?.title ?? titleOf(field),
    ]),
  );
  const parts = template.replace(/\\t/g, '\t').split('\t');
  const heads =
    rows.length > 0 ? render({ ...titles, Label: (key: string) => key }).split('\t') : parts.map(headOf(columns));
  const cells = rows.map((row) => clean(render(row)).split('\t'));
  output.table(
    parts.map((_, index) => ({ title: heads[index] ?? '', text: (row: string[]) => row[index] ?? '' })),
    cells,
  );
}

function headOf(columns: List['columns']): (part: string) => string {
  return (part) => {
    const field = /\.(\w+)/.exec(part)?.[1] ?? '';
    return columns.find((column) => column.field === field)?.title ?? titleOf(field);
  };
}

/** `CreatedAt` is `CREATED AT`. */
function titleOf(field: string): string {
  return field.replace(/([a-z])([A-Z])/g, '$1 $2').toUpperCase();
}

/** Prints documents as `inspect` does: all as one JSON list, or a template for each. */
export function printDocuments(output: Output, documents: readonly unknown[], format: string | undefined): void {
  if (format === undefined) {
    output.line(JSON.stringify(documents, undefined, 4));
    return;
  }
  const render = format === 'json' ? (value: unknown) => JSON.stringify(value) : compileTemplate(format);
  for (const document of documents) output.line(render(document));
}
