/* A connected system in one line: how it does, what waits, since when it fails, when it is tried next. */

import { element } from './page.mjs';

/** @param {object} page @param {object} system as /api/deliveries gives it @param {HTMLElement[]} [acts] */
export function systemLine(page, system, acts = []) {
  const line = element('article', `system system-${system.standing}`);
  const head = element('div', 'system-head');
  head.append(element('span', 'system-mark'), element('b', '', system.name), element('span', 'system-kind', [system.kind, system.department].filter(Boolean).join(' · ')), element('span', 'system-said', system.said));
  const facts = element('dl', 'system-facts');
  facts.append(...factsOf(page, system).map(([term, value]) => {
    const pair = element('div');
    pair.append(element('dt', '', page.say(term)), element('dd', '', value));
    return pair;
  }));
  line.append(head, facts);
  if (system.problem) line.append(element('p', 'system-problem', system.problem));
  if (acts.length) {
    const foot = element('div', 'system-acts');
    foot.append(...acts);
    line.append(foot);
  }
  return line;
}

function factsOf(page, system) {
  const now = page.now();
  const number = (n) => page.number.format(n);
  const ago = (at) => (at ? page.say('ago', { time: page.duration(now - at) }) : '–');
  const facts = [
    ['fact.last', ago(system.last)],
    ['fact.lag', system.oldest ? page.duration(now - system.oldest) : page.say('none')],
    ['fact.waiting', number(system.waiting)],
    ['fact.given_up', number(system.given_up)],
    ['fact.delivered', number(system.delivered)],
  ];
  if (system.failing_since) facts.push(['fact.failing', ago(system.failing_since)]);
  if (system.next_try && system.tries) facts.push(['fact.next', page.say('next', { time: page.duration(Math.max(0, system.next_try - now)), n: number(system.tries) })]);
  return facts;
}
