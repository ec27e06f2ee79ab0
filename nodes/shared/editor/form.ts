import css from './form.css';

/** Brings the forms' style sheet into the page, once for all nodes of the package. */
export const useFormStyle = (): void => useStyle('regional-exchange-form-style', css);

/** Brings a style sheet into the page, once under its id. */
export function useStyle(id: string, text: string): void {
  if (document.getElementById(id)) return;
  const style = document.createElement('style');
  style.id = id;
  style.textContent = text;
  document.head.append(style);
}
