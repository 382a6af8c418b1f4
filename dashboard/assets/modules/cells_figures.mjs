/* How many are in which outcome: a bar with its numbers, which is the map's legend too; doors behind which nobody knows how many beside it. */

import { OUTCOMES, doorsOf, leftOf, recipientsOf, shareOf } from './cells_counts.mjs';
import { element } from './page.mjs';

/** @returns {HTMLElement[]} the figures of some counts */
export function figures(page, counts) {
  const made = [];
  const recipients = recipientsOf(counts), doors = doorsOf(counts);
  const head = element('p', 'cells-share');
  head.append(element('b', '', shareOf(page, counts)), element('span', '', recipients ? page.say('share_of', { a: page.number.format(counts[0]), k: page.number.format(recipients) }) : page.say('share_none')), element('em', '', page.say('left', { n: page.number.format(leftOf(counts)) })));
  made.push(head);
  if (recipients) made.push(bar(page, counts.slice(0, 5), recipients));
  if (doors) made.push(element('p', 'cells-note', page.say('doors_of', { n: page.number.format(doors), t: page.number.format(counts[10] - counts[0]) })), bar(page, counts.slice(5, 10), doors, 'is-doors'));
  return made;
}

function bar(page, counts, whole, more = '') {
  const made = element('div', `cells-bar ${more}`);
  const stripe = element('div', 'cells-stripe');
  stripe.setAttribute('aria-hidden', 'true');
  const list = element('dl');
  OUTCOMES.forEach((outcome, at) => {
    const part = element('span', `tone-${outcome}`);
    part.style.flexGrow = counts[at];
    part.hidden = !counts[at];
    stripe.append(part);
    const line = element('div');
    line.dataset.outcome = outcome;
    line.append(element('dt', `dot tone-${outcome}`, ''), element('dd', 'cells-name', page.say(`outcome.${outcome}`)), element('dd', 'cells-n', page.number.format(counts[at])));
    line.querySelector('dt').append(element('span', 'unseen', page.say(`outcome.${outcome}`)));
    list.append(line);
  });
  made.append(stripe, list);
  made.title = page.say('of', { n: page.number.format(whole) });
  return made;
}

/** A thin stripe of five outcomes for a row of a table. */
export function stripe(counts) {
  const made = element('span', 'cells-stripe is-thin');
  made.setAttribute('aria-hidden', 'true');
  OUTCOMES.forEach((outcome, at) => {
    const n = counts[at] + counts[at + 5];
    if (!n) return;
    const part = element('span', `tone-${outcome}`);
    part.style.flexGrow = n;
    made.append(part);
  });
  return made;
}
