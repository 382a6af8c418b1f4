/* Residents' letters that could not be filed: how many, why each, tried again or put aside. What is in them stays sealed. */

import { element } from './page.mjs';

/**
 * @param {object} page @param {object} said as /api/letters gives it
 * @param {(act: string, of: string, words: string, handler: () => void) => HTMLElement} button
 * @param {(address: string) => void} ask posts
 * @returns {HTMLElement[]}
 */
export function parkedLetters(page, { counts, letters }, button, ask) {
  const head = element('h2', '', page.say('parked'));
  const number = (n) => page.number.format(n);
  head.append(element('span', 'parked-counts', page.say('parked_counts', { filed: number(counts.filed), rejected: number(counts.rejected), parked: number(counts.parked) })));
  if (letters.length > 1) head.append(button('parked-all', '*', page.say('parked_all'), () => ask('/api/letters/retry')));
  if (!letters.length) return [head, element('p', 'board-none', page.say('parked_none'))];
  return [head, ...letters.map((letter) => lineOf(page, letter, button, ask))];
}

function lineOf(page, letter, button, ask) {
  const line = element('article', 'letter is-parked');
  const top = element('div', 'letter-head');
  const known = page.say(`parked_kind.${letter.kind}`);
  const when = letter.asked ? page.say('parked_asked') : page.say('parked_when', { time: page.moment(letter.parked), n: letter.tries });
  top.append(element('b', '', known), element('code', 'letter-id', letter.id.slice(0, 8)), element('span', '', page.say('parked_received', { time: page.moment(letter.received) })), element('span', 'letter-when', when));
  if (!letter.asked) top.append(button('parked-retry', letter.id, page.say('parked_retry'), () => ask(`/api/letters/${letter.id}/retry`)));
  top.append(button('parked-settle', letter.id, page.say('parked_settle'), () => ask(`/api/letters/${letter.id}/settle`)));
  line.append(top, element('p', 'system-problem', letter.reason));
  return line;
}
