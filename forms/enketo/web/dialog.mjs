/** Questions that Enketo Core asks, as a dialog of the page: modal, closed by Escape, focus back where it was. */
import { make, say } from '../../assets/modules/page.mjs';

const worded = (content) => (typeof content === 'string' ? { message: content } : content ?? {});

function ask(content, buttons) {
  const { heading, message } = worded(content), before = document.activeElement;
  return new Promise((done) => {
    const close = (answer) => { box.remove(); before?.focus?.(); done(answer); };
    const row = make('div', { class: 'row' }, ...buttons.map(([key, answer, kind]) => make('button', { type: 'button', class: kind, onclick: () => close(answer) }, say(key))));
    const sheet = make('div', { class: 'sheet', role: 'alertdialog', 'aria-modal': 'true', 'aria-label': heading ?? message, tabindex: '-1' }, heading ? make('h2', {}, heading) : null, make('p', {}, message ?? ''), row);
    const box = make('div', { class: 'veil', onkeydown: (event) => keys(event, row, () => close(buttons[0][1])) }, sheet);
    document.body.append(box);
    row.lastElementChild.focus();
  });
}

function keys(event, row, leave) {
  if (event.key === 'Escape') leave();
  if (event.key !== 'Tab') return;
  const buttons = [...row.children], next = buttons.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
  event.preventDefault();
  buttons[(next + buttons.length) % buttons.length].focus();
}

const confirm = (content) => ask(content, [['form.cancel', false, ''], ['form.yes', true, 'main']]);
const alert = (content) => ask(content, [['form.ok', true, 'main']]);
export default { alert, confirm, prompt: () => Promise.resolve(null) };
