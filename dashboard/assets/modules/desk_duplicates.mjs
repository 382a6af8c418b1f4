/* In the drawer: what may be the same thing, side by side with the case, and who else reported it. */

import { get } from './office.mjs';
import { element } from './page.mjs';

/**
 * @param {HTMLElement} place
 * @param {object} page
 * @param {number} id the open case
 * @param {{ merge: (main: number) => void, open: (id: number) => void }} acts
 */
export async function drawDuplicates(place, page, id, acts) {
  const said = await get(page, `/api/desk/cases/${id}/duplicates?lang=${page.language}`).catch(() => null);
  if (!said || !place.isConnected) return;
  const own = said.reports.find((report) => report.case === id)?.text;
  const parts = [];
  if (said.suggested.length) parts.push(part(page.say('duplicates.title'), said.suggested.map((other) => suggestion(page, other, own, acts))));
  if (said.reports.length > 1 || said.merged) parts.push(part(page.say('duplicates.reports', { n: said.reports.length }), said.reports.map((report) => told(page, report))));
  place.replaceChildren(...parts);
}

function part(title, lines) {
  const made = element('section', 'part part-duplicates');
  made.append(element('h3', '', title), ...lines);
  return made;
}

function suggestion(page, other, own, acts) {
  const made = element('div', 'duplicate');
  const head = element('div', 'duplicate-head');
  const open = Object.assign(element('button', 'duplicate-open', other.number), { type: 'button' });
  open.addEventListener('click', () => acts.open(other.id));
  const merge = Object.assign(element('button', 'candidate-choose', page.say('duplicates.merge')), { type: 'button' });
  merge.addEventListener('click', () => acts.merge(other.id));
  head.append(open, element('span', '', [other.distance, other.age, other.state, other.reports].join(' · ')), merge);
  const words = element('div', 'duplicate-words');
  words.append(quote(page.say('duplicates.this'), own), quote(page.say('duplicates.other'), other.text ?? other.title));
  made.append(head, words);
  return made;
}

function quote(label, text) {
  const made = element('blockquote', '', text ?? '–');
  made.dataset.label = label;
  return made;
}

function told(page, report) {
  const made = element('p', 'duplicate-report');
  made.append(element('time', '', report.at), element('span', '', report.text ?? '–'));
  if (report.merged) made.append(element('em', '', page.say('duplicates.merged')));
  return made;
}
