/** Names for the columns of a set; all different. */
export function columnNames(given: readonly string[]): string[] {
  const taken = new Set(given);
  const used = new Set<string>();
  return given.map((name, at) => {
    let unique = name || `column_${at + 1}`;
    for (let number = 2; used.has(unique) || (unique !== name && taken.has(unique)); number++)
      unique = `${name || `column_${at + 1}`}_${number}`;
    used.add(unique);
    return unique;
  });
}
