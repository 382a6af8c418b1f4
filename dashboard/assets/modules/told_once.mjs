/* A dialog that asks for a yes, or shows a secret that nobody can look up again, with a button that copies it. */

import { element } from './page.mjs';

/**
 * @param {{say: (key: string) => string}} page
 * @param {{title: string, text: string, secret?: string, yes?: string}} what `yes`: the word that agrees
 * @returns {Promise<boolean>} whether it was agreed to
 */
export function tellOnce(page, { title, text, secret, yes }) {
  const dialog = element('dialog', 'told');
  const heading = Object.assign(element('h2', '', title), { id: 'told-title' });
  dialog.setAttribute('aria-labelledby', heading.id);
  const foot = element('div', 'told-foot');
  /* The event of closing comes later; a secret goes at once. */
  const end = (answer) => { dialog.close(answer); dialog.remove(); };
  const close = Object.assign(element('button', yes ? 'button' : 'button is-main', page.say(yes ? 'cancel' : 'close')), { type: 'button' });
  close.addEventListener('click', () => end(''));
  foot.append(close);
  if (yes) {
    const agree = Object.assign(element('button', 'button is-main', yes), { type: 'button' });
    agree.addEventListener('click', () => end('yes'));
    foot.append(agree);
  }
  dialog.append(heading, element('p', '', text), ...(secret ? [shown(page, secret)] : []), foot);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      done(dialog.returnValue === 'yes');
    });
  });
}

function shown(page, secret) {
  const box = element('div', 'told-secret');
  const copy = Object.assign(element('button', 'desk-button', page.say('copy')), { type: 'button' });
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(secret);
    copy.textContent = page.say('copied');
  });
  box.append(element('output', '', secret), copy);
  return box;
}
