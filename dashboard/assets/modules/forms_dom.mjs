/* Making nodes, asking the server, and saying what is the matter, for the rooms of /forms. */

import { Refusal } from './office.mjs';
import { post } from './post.mjs';
import { isReached, setReached } from './reach.mjs';
import { stateOf } from './states.mjs';

const AGAIN_MS = 1_500;

/**
 * A node. `attributes`: `class`, `text`, `on<event>` handlers, properties like `value` and `checked`, all else as attributes;
 * null and false leave an attribute out.
 */
export function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'class') made.className = value;
    else if (name === 'text') made.textContent = value;
    else if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name in made && typeof value !== 'string') made[name] = value;
    else made.setAttribute(name, value === true ? '' : value);
  }
  if ('value' in attributes) made.value = attributes.value;
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const icon = (name) => h('span', { class: `icon icon-${name}`, 'aria-hidden': 'true' });

/** A button with an icon, and words beside it or, when `quiet`, only for who asks. */
export function button(words, drawing, act, { quiet = false, main = false, name = '', ...more } = {}) {
  const look = quiet ? 'forms-quiet' : `desk-button${main ? ' is-main' : ''}`;
  return h('button', { type: 'button', class: `${look} ${name}`.trim(), title: quiet ? words : null, 'aria-label': quiet ? words : null, onclick: act, ...more }, drawing ? icon(drawing) : null, quiet ? null : h('span', { text: words }));
}

/** Ask for a change with any method. Throws a Refusal. */
export async function change(page, method, address, body) {
  let answer;
  try {
    answer = await post(address, body, { method });
  } catch {
    setReached(false);
    throw new Error(page.say('offline.text'));
  }
  const said = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refusal(said, page.language, answer.status);
  return said;
}

/** Stand in for a room that cannot be shown; `again` tries once more. */
export function failure(page, error, again) {
  if (error instanceof Refusal && error.status === 503) {
    setTimeout(again, AGAIN_MS);
    return stateOf('loading', { text: error.message });
  }
  if (!isReached()) {
    addEventListener('needle:reach', ({ detail }) => detail && again(), { once: true });
    return stateOf('offline', { title: page.say('offline.title'), text: page.say('offline.text') });
  }
  return stateOf('failed', { title: page.say('failed'), text: error.message, action: { words: page.say('retry'), act: again } });
}

/** A dialog in the middle of the page; `content(close)` makes what stands in it. Esc and the veil close it. */
export function dialog(label, name, content) {
  const made = h('dialog', { class: `forms-dialog ${name}`, 'aria-label': label });
  const close = () => made.close();
  made.append(content(close));
  made.addEventListener('close', () => made.remove());
  made.addEventListener('click', (event) => event.target === made && close());
  document.body.append(made);
  made.showModal();
  return made;
}

/** Ask before something is lost. */
export function confirm(page, text, words) {
  return new Promise((answer) => {
    const made = dialog(text, 'forms-confirm', (close) =>
      h('form', { method: 'dialog' },
        h('p', { text }),
        h('div', { class: 'forms-confirm-acts' },
          button(page.say('cancel'), null, close),
          h('button', { class: 'desk-button is-heavy', value: 'yes', text: words }))));
    made.addEventListener('close', () => answer(made.returnValue === 'yes'));
  });
}
