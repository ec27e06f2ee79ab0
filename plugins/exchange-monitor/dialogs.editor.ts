/** Questions before what cannot be undone, and what came of it; as Node-RED's own notifications. */
import { words } from './words.editor';

/** Asks; with a field for a whole number too. Gives null when the user goes back. */
export function askUser(
  question: string,
  number?: { readonly label: string; readonly value: number; readonly most: number },
): Promise<{ readonly number: number } | null> {
  return new Promise(resolve => {
    const content = $('<div>').append($('<p>').text(question));
    const field = $('<input>', { type: 'number', min: 1, max: number?.most, value: number?.value });
    if (number) {
      field.css({ width: '90px', marginLeft: '8px' });
      $('<label>').text(number.label).append(field).appendTo(content);
    }
    const answer = (given: boolean): void => {
      const value = Number(field.val() || 1);
      if (given && number && !(Number.isInteger(value) && value >= 1 && value <= number.most)) {
        field.trigger('focus');
        return;
      }
      notification.close();
      resolve(given ? { number: value } : null);
    };
    const notification = RED.notify(content[0] as HTMLElement, {
      modal: true,
      fixed: true,
      type: 'warning',
      buttons: [
        { text: words('exchange-monitor.confirm.no'), click: () => answer(false) },
        { text: words('exchange-monitor.confirm.yes'), class: 'primary', click: () => answer(true) },
      ],
    });
  });
}

/** Tells what came of an action. */
export function tell(kind: 'success' | 'warning' | 'error', ...lines: readonly string[]): void {
  const content = $('<div>');
  for (const line of lines) $('<p>').text(line).appendTo(content);
  RED.notify(content[0] as HTMLElement, { type: kind });
}

/** Shows how far a long action is; the user may stop it. */
export class Progress {
  readonly #text = $('<p>');
  readonly #notification: { close(): void };
  stopped = false;

  constructor() {
    const content = $('<div>').append(this.#text);
    this.#notification = RED.notify(content[0] as HTMLElement, {
      modal: true,
      fixed: true,
      buttons: [{ text: words('exchange-monitor.confirm.stop'), click: () => (this.stopped = true) }],
    });
  }

  show(text: string): void {
    this.#text.text(text);
  }

  close(): void {
    this.#notification.close();
  }
}
