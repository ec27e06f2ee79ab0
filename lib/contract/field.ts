/**
 * The shape in which the agreement's tables are written down. Everything else (types, validation, XML, forms, help)
 * is derived from tables of this shape.
 */
import type { Privacy } from '../privacy/privacy';

/** `text` where the agreement states no type (3.x, 5.1.6); `json` for the values of a JSON answer. */
export type FieldType = 'text' | 'json' | 'VARCHAR' | 'VARCHAR2' | 'CHAR' | 'NUMBER' | 'DATE';

export interface Field {
  /** Name as the agreement's table prints it. */
  readonly name: string;
  readonly zh: string;
  readonly en: string;
  readonly type: FieldType;
  /** VARCHAR: most characters; NUMBER: most digits. */
  readonly length?: number;
  /** Stated by the agreement: must it be filled? Absent: not stated. */
  readonly required?: boolean;
  /** A request means nothing without it and is refused in every profile. */
  readonly essential?: boolean;
  /** Part of the primary key. */
  readonly key?: boolean;
  readonly format?: DateFormat;
  /** Code table of the platform; the agreement names it and prints no values. */
  readonly codeTable?: string;
  /** The only values allowed, with their meaning. */
  readonly allowed?: Readonly<Record<string, string>>;
  /** Values with a stated meaning; others are allowed too. */
  readonly known?: Readonly<Record<string, string>>;
  /** `sysdate` stands for the time of writing. */
  readonly default?: string;
  readonly secret?: boolean;
  /** How a value is masked wherever it is shown. */
  readonly privacy?: Privacy;
  /** What operators look messages up by in the message store; `report`: the number of a report or a booking. */
  readonly searchTerm?: 'report' | 'patient' | 'accession';
  /** Between the values of a list. */
  readonly separator?: string;
  /** Written as a CDATA section. */
  readonly cdata?: boolean;
  /** Column of the platform's database that the value must exist in. */
  readonly references?: string;
  /** DICOM attribute that must hold the same value. */
  readonly dicom?: string;
  /** Address of a PDF or JPG: http, ftp or a share (5.1.5, A-36). */
  readonly fileAddress?: boolean;
  /** Must be filled once State of the exam has reached this number. */
  readonly requiredFromState?: number;
  /** In the agreement's samples, but not in its table. */
  readonly wireOnly?: boolean;
  /** Attribute of the upload (4.1, 4.2); also the field's name in our records. */
  readonly attribute?: string;
  /** Place in the upload sample, from 1; absent: not sent unless asked for. */
  readonly uploadOrder?: number;
  /** Element of the query answer (4.3, 4.4). */
  readonly element?: string;
  readonly queryOrder?: number;
  /** Viewer pages: joined with the other conditions by OR. */
  readonly combine?: 'or';
  /** Viewer pages: parameters that this one needs beside it. */
  readonly partners?: readonly string[];
  /** Field of GetExamItemList that holds the same thing. */
  readonly from?: string;
}

export type DateFormat = 'yyyy-MM-dd' | 'yyyy-MM-dd HH:mm:ss' | 'yyyy-MM-dd HH:mm' | 'HH:mm~HH:mm';

export interface Table {
  readonly name: string;
  /** Section of the agreement. */
  readonly section: string;
  readonly zh: string;
  readonly en: string;
  readonly fields: readonly Field[];
  /** Name of the element that wraps one row of a report. */
  readonly row?: string;
  /** Root element, where it is not `root`. */
  readonly root?: string;
  /** Nested, repeating records. */
  readonly children?: readonly { readonly element: string; readonly table: Table }[];
  /** Composites: between the fields, and between the records. */
  readonly separator?: string;
  readonly recordSeparator?: string;
}

/** Keeps the literal types of a table, from which the record types are derived. */
export const table = <const T extends Table>(definition: T): T => definition;

type NameOf<F> = F extends { readonly attribute: infer A extends string }
  ? A
  : F extends { readonly name: infer N extends string }
    ? N
    : never;

/** The names of a table's fields in our records. */
export type FieldName<T extends Table> = NameOf<T['fields'][number]>;

/** A record of a table: every field present, every value text; an empty text means "not filled". */
export type RecordOf<T extends Table> = { [N in FieldName<T>]: string };

/** Records of one table, as a message carries them. */
export interface TableRecords {
  readonly table: Table;
  readonly records: readonly Readonly<Record<string, string>>[];
}

/** A field's name in our records: the upload attribute of a report, else the name as printed. */
export const recordName = (field: Field): string => field.attribute ?? field.name;

/** Fields of a report in the order of the upload (4.1, 4.2). `withUnsent` adds those the sample leaves out. */
export function uploadFields(of: Table, withUnsent = false): Field[] {
  const place = (field: Field): number =>
    field.uploadOrder ?? field.queryOrder ?? of.fields.indexOf(field) + 0.5;
  return of.fields
    .filter(field => field.attribute !== undefined && (withUnsent || field.uploadOrder !== undefined))
    .toSorted((a, b) => place(a) - place(b));
}

/** Fields of a report in the order of the query answer (4.3, 4.4). */
export const queryFields = (of: Table): Field[] =>
  of.fields
    .filter(field => field.queryOrder !== undefined)
    .toSorted((a, b) => (a.queryOrder ?? 0) - (b.queryOrder ?? 0));

/** Finds a table's field by any of its printed names, in any case. */
export function fieldFinder(of: Table): (name: string) => Field | undefined {
  const byName = new Map<string, Field>();
  for (const field of of.fields) {
    for (const name of [field.name, field.attribute, field.element])
      if (name) byName.set(name.toLowerCase(), field);
  }
  return name => byName.get(name.trim().toLowerCase());
}
