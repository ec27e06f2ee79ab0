/** Statements that change their session, and must not run in one that others use after them. */

/** Texts, names in brackets and comments, in which no word is one of SQL. */
export const NO_WORDS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\[(?:[^\]]|\]\])*\]|--[^\n]*|\/\*[\s\S]*?\*\//g;

/** Of NOCOUNT and XACT_ABORT the driver's way of calling takes care: they end with the statement. */
const SETTING =
  /\bset\s+(?:transaction\s+isolation|(?:ansi_\w+|arithabort|arithignore|concat_null_yields_null|context_info|cursor_close_on_commit|datefirst|dateformat|deadlock_priority|fips_flagger|fmtonly|forceplan|identity_insert|implicit_transactions|language|lock_timeout|noexec|numeric_roundabort|offsets|parseonly|query_governor_cost_limit|quoted_identifier|rowcount|showplan_\w+|statistics|textsize)\b(?!\s*=))/i;
const TRANSACTION = /\b(?:begin\s+(?:distributed\s+)?tran|commit|rollback|save\s+tran)/i;
const OTHER = /(?:^|[\s.(,])#\w|(?:^|[;\s])use\s+[\w[]|\bsp_(?:setapprole|getapplock|reset_connection)\b/i;

export function changesSession(sql: string): boolean {
  const words = sql.replaceAll(NO_WORDS, ' x ');
  return SETTING.test(words) || TRANSACTION.test(words) || OTHER.test(words);
}
