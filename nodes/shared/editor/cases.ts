/** Rows of a form that only some settings need. */

/** Shows the rows that one of the cases calls for; each row names its cases in `data-for`. */
export function showCases(form: JQuery, cases: readonly string[]): void {
  form.find('[data-for]').each((_index, row) => {
    const wanted = String($(row).data('for')).split(' ');
    $(row).toggle(wanted.some(name => cases.includes(name)));
  });
}
