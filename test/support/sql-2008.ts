/** No words newer than SQL Server 2008 in its statements, which no server at hand can tell. */
import assert from 'node:assert/strict';

/** Newer than SQL Server 2008, or of another database. */
const FOREIGN =
  /\b(?:offset|fetch|iif|choose|concat|concat_ws|try_convert|try_cast|try_parse|parse|throw|format|string_agg|string_split|string_escape|trim|translate|json_\w+|openjson|isjson|for\s+json|eomonth|datefromparts|datetrunc|lag|lead|first_value|last_value|sequence|greatest|least|generate_series|limit|returning|lateral|boolean|autoincrement|conflict|skip|at\s+time\s+zone|rows\s+between|create\s+or\s+alter|add\s+member|drop\s+member)\b|(?:drop|table|view|procedure|trigger|index|column|constraint)\s+if\s+exists|::|\?|\|\|/i;

/** SQL without its comments. */
export const withoutComments = (sql: string): string =>
  sql.replaceAll(
    /('(?:[^']|'')*')|--.*|\/\*[\s\S]*?\*\//g,
    (_whole, text: string | undefined) => text ?? ' ',
  );

/** @throws {AssertionError} naming the word */
export function assertSql2008(sql: string): void {
  // Texts in quotes are no SQL, and names in brackets and of variables are free.
  const code = withoutComments(sql)
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .replaceAll(/\[[^\]]*\]/g, 'name')
    .replaceAll(/@\w+/g, '@v');
  assert.doesNotMatch(code, FOREIGN);
}
