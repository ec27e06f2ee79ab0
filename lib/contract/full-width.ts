/** Full-width forms that Chinese input methods leave in codes, numbers and times: `１２：３０～１３：００`, `；`. */

const FULL_WIDTH = /[\uFF01-\uFF5E\u3000\u301C\u2018\u2019\u201C\u201D]/g;

const SPECIAL: Readonly<Record<string, string>> = {
  '\u3000': ' ',
  '\u301C': '~',
  '\u2018': "'",
  '\u2019': "'",
  '\u201C': '"',
  '\u201D': '"',
};

/** Full-width ASCII, ideographic space, wave dash and typographic quotes → ASCII. Other text stays as it is. */
export const toHalfWidth = (text: string): string =>
  text.replace(FULL_WIDTH, char => SPECIAL[char] ?? String.fromCharCode(char.charCodeAt(0) - 0xfee0));
