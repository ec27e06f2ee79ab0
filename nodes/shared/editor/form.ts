import css from './form.css';

const STYLE_ID = 'regional-exchange-form-style';

/** Brings the forms' style sheet into the page, once for all nodes of the package. */
export function useFormStyle(): void {
  if (document.getElementById(STYLE_ID)) return;
  const style = document.createElement('style');
  style.id = STYLE_ID;
  style.textContent = css;
  document.head.append(style);
}
