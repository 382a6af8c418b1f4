/** Correcting an answer that was filed: the phone kept it while its link lasts; what is sent takes the earlier one's place. */
import { make, say } from '../../assets/modules/page.mjs';

const ORX = 'http://openrosa.org/xforms';

/** Whether an answer is one person's or household's, is still on this phone, and its link still takes what is corrected. */
export const mayEdit = (answer, link) => Boolean(answer.instance) && ['open', 'used_up'].includes(link?.state);

/** An answer as a draft that takes its place. `filed`: what stays where nothing is sent after all. */
export const draftOf = (answer) => ({ ...answer, state: 'draft', code: null, replaces: answer.code, filed: { ...answer, filed: null }, instance: renewed(answer.instance), page: null });

/** The instance under an id of its own, naming the one that it edits (OpenRosa's `deprecatedID`). */
function renewed(instance) {
  const parsed = new DOMParser().parseFromString(instance, 'text/xml');
  const own = [...parsed.getElementsByTagName('*')].find(({ localName }) => localName === 'instanceID');
  if (!own) return instance;
  const before = [...own.parentElement.children].find(({ localName }) => localName === 'deprecatedID')
    ?? own.parentElement.appendChild(parsed.createElementNS(own.namespaceURI ?? ORX, own.prefix ? `${own.prefix}:deprecatedID` : 'deprecatedID'));
  before.textContent = own.textContent;
  own.textContent = `uuid:${identifier()}`;
  return new XMLSerializer().serializeToString(parsed);
}

/** A random UUID; the browser's own is not there in older ones. */
function identifier() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Beneath the receipt: correct what was sent, or have it forgotten by this phone. */
export function offer(box, { edit, forget }) {
  if (box.querySelector('#edit')) return;
  box.append(make('div', { class: 'row keeping' },
    make('button', { type: 'button', class: 'second', id: 'edit', onclick: edit }, say('form.edit')),
    make('button', { type: 'button', class: 'second', id: 'forget', onclick: forget }, say('form.forget'))),
  make('p', { class: 'soft' }, say('form.edit.more')));
}

/** Above the form: what is going on, and the way back. */
export function banner(box, back) {
  box.querySelector('#editing')?.remove();
  box.prepend(make('div', { id: 'editing', class: 'card', role: 'status' }, make('p', {}, say('form.editing')), make('button', { type: 'button', class: 'second', id: 'unedit', onclick: back }, say('form.edit.back'))));
}
