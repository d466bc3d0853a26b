import { shortenedName } from '../customers/rules.ts';
import { enumLabel } from '../graphql/labels.ts';
import { inLocale, type Locale } from '../lib/text.ts';
import type { Organisation } from '../organisation/queries.ts';
import { LEVEL } from '../platform/visibility.ts';
import type { ExportColumn } from './entity.ts';

/** What a cell of a file can hold: exact amounts and days are text, instants dates; null is an empty cell. */
export type CellType = 'text' | 'integer' | 'money' | 'date' | 'instant' | 'boolean';
export type CellValue = string | number | boolean | Date | null;

/** A row as the statement of an export answers it: values by place, and the level beside names of customers. */
export type ExportRow = Readonly<Record<`v${number}`, CellValue>> &
  Readonly<Record<`l${number}`, number>> & {
    readonly fileId: string | null;
    readonly fileGrade: string | null;
  };

/** A column of a file. */
export interface FileColumn {
  readonly heading: string;
  readonly type: CellType;
  value(row: ExportRow): CellValue;
}

export interface CellChoices {
  readonly locale: Locale;
  /** Headings and enums in words; else by their codes. */
  readonly labels: boolean;
  /** Names of customers shortened as on a masked card, and nothing else that identifies them. */
  readonly anonymised: boolean;
  readonly organisation: Organisation;
}

export function fileColumn(column: ExportColumn, place: number, choices: CellChoices): FileColumn {
  return {
    heading: choices.labels ? inLocale(column.heading, choices.locale) : column.code,
    type: cellType(column),
    value: reading(column, place, choices),
  };
}

function cellType({ type }: ExportColumn): CellType {
  switch (type) {
    case 'integer':
    case 'money':
    case 'date':
    case 'instant':
    case 'boolean':
      return type;
    default:
      return 'text';
  }
}

function reading(column: ExportColumn, place: number, choices: CellChoices): FileColumn['value'] {
  const { locale, labels, anonymised, organisation } = choices;
  const { type, enumName = '' } = column;
  const key = `v${place}` as const;
  const levelKey = `l${place}` as const;
  if (type === 'customerName') {
    return (row) => {
      const name = row[key];
      if (typeof name !== 'string' || row[levelKey] === LEVEL.NONE) return null;
      return row[levelKey] === LEVEL.FULL && !anonymised ? name : shortenedName(name);
    };
  }
  if (anonymised && column.identifies) return () => null;
  function plain(row: ExportRow): CellValue {
    return row[key] ?? null;
  }
  function named(entries: ReadonlyMap<string, { readonly name: string; readonly nameEn: string }>) {
    return (row: ExportRow) => {
      const entry = entries.get(String(row[key] ?? ''));
      return entry ? (locale === 'zh-CN' ? entry.name : entry.nameEn) : null;
    };
  }
  switch (type) {
    case 'enum':
      return labels
        ? (row) => (row[key] == null ? null : enumLabel(enumName, String(row[key]), locale))
        : plain;
    case 'employee':
      return named(organisation.employees);
    case 'team':
      return named(organisation.teams);
    case 'department':
      return named(organisation.departments);
    case 'area':
      return named(organisation.areas);
    default:
      return plain;
  }
}
