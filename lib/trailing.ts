/**
 * The text without the characters of `set` at its end. A regular expression such as `[\0 ]+$` tries every run of them
 * anew from each of its characters: 64 KB of blanks that a peer sends would hold the event loop for three seconds.
 */
export function withoutTrailing(text: string, set: string): string {
  let end = text.length;
  while (end > 0 && set.includes(text.charAt(end - 1))) end--;
  return end === text.length ? text : text.slice(0, end);
}
