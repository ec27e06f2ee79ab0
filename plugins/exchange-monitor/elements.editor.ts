/** Small parts that the views are made of. Texts are set as text, never as HTML. */
import type { MessageState } from '../../lib/store/message';
import { stateHint, stateTitle } from './words.editor';

const ICONS: Readonly<Record<MessageState, string>> = {
  pending: 'fa-clock-o',
  inflight: 'fa-paper-plane-o',
  'in-doubt': 'fa-question-circle',
  accepted: 'fa-check-circle',
  refused: 'fa-ban',
  unconfirmed: 'fa-question-circle-o',
  dead: 'fa-times-circle',
  cancelled: 'fa-minus-circle',
  invalid: 'fa-exclamation-triangle',
};

/** How a state looks: open, good, doubtful, bad or gone. */
const MOODS: Readonly<Record<MessageState, string>> = {
  pending: 'open',
  inflight: 'open',
  'in-doubt': 'doubt',
  accepted: 'good',
  refused: 'bad',
  unconfirmed: 'doubt',
  dead: 'bad',
  cancelled: 'gone',
  invalid: 'bad',
};

export const icon = (name: string): JQuery => $('<i>', { class: `fa ${name}`, 'aria-hidden': 'true' });

/** Symbol and name of a state. */
export const stateBadge = (state: MessageState): JQuery =>
  $('<span>', {
    class: `exchange-monitor-state exchange-monitor-${MOODS[state]}`,
    title: stateHint(state),
  }).append(icon(ICONS[state]), $('<span>').text(stateTitle(state)));

/** A button with a text, or with an icon alone, whose meaning is its tooltip then. */
export function button(look: { icon?: string; text?: string; title?: string }, run: () => void): JQuery {
  const element = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small' });
  if (look.icon) element.append(icon(look.icon));
  if (look.text) element.append($('<span>').text(look.text));
  if (look.title) element.attr({ title: look.title, 'aria-label': look.title });
  return element.on('click', run);
}

/** A button that shows and hides something. */
export function toggle(
  look: { icon: string; title: string },
  panel: JQuery,
  onShow: () => void = () => undefined,
): JQuery {
  const element = button(look, () => {
    const shown = panel.prop('hidden') === true;
    panel.prop('hidden', !shown);
    element.toggleClass('selected', shown).attr('aria-expanded', String(shown));
    if (shown) onShow();
  });
  return element.attr('aria-expanded', 'false');
}

/** A heading with what belongs to it. */
export const section = (title: string, ...content: readonly JQuery[]): JQuery =>
  $('<section>').append($('<h4>').text(title), ...content);

/** Choices that exclude each other. */
export function choice<Name extends string>(
  options: readonly { readonly name: Name; readonly text: string }[],
  chosen: Name,
  onChoice: (name: Name) => void,
): JQuery {
  const group = $('<div>', { class: 'exchange-monitor-choice', role: 'group' });
  for (const { name, text } of options) {
    const isChosen = name === chosen;
    button({ text }, () => onChoice(name))
      .toggleClass('selected', isChosen)
      .attr('aria-pressed', String(isChosen))
      .appendTo(group);
  }
  return group;
}
