/** One parameter of the statement. */
export interface ParameterRow {
  name: string;
  /** As SQL writes it, such as `nvarchar(50)`. */
  type: string;
  direction: 'in' | 'out';
  value: string;
  valueType: 'msg' | 'flow' | 'global' | 'str' | 'num' | 'bool' | 'env' | 'jsonata';
}

export interface DatabaseRunProps {
  name: string;
  database: string;
  kind: 'sql' | 'procedure';
  /** SQL, or the name of the procedure. */
  statement: string;
  sqlParameters: ParameterRow[];
  /** `rows`: one message with all; `stream`: a sequence of messages. */
  output: 'rows' | 'stream';
  /** Rows of one message of a sequence. */
  batch: string;
  /** Of a sequence: the next message follows at once, or when the flow asks for it. */
  pace: 'free' | 'next';
  /** It may be sent again after a lost answer. */
  repeatable: boolean;
}
