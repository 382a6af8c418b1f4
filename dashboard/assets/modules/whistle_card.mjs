/* A whistle as a card: what for, how long until they must be there, and each department's part. */

import { element } from './page.mjs';

/** @param {object} page @param {object} whistle as /api/whistles gives it */
export function whistleCard(page, whistle) {
  const card = element('article', `whistle${whistle.emergency ? ' is-emergency' : ''}`);
  card.tabIndex = -1;
  card.dataset.case = whistle.case;
  const head = element('header');
  head.append(element('span', 'whistle-purpose', whistle.purpose), countdown(page, whistle));
  const where = element('p', 'whistle-where', `${whistle.street} · ${whistle.number} · ${whistle.state}`);
  card.append(head, element('h3', '', whistle.title), where);
  if (whistle.escalation) card.append(element('p', 'whistle-escalation', whistle.escalation));
  const parties = element('ul', 'whistle-parties');
  parties.append(...whistle.parties.map((party) => partyLine(page, party)));
  card.append(parties);
  return card;
}

function countdown(page, { arrive_by: by, ended, column }) {
  if (ended) return element('span', 'whistle-left', page.say('ended', { time: page.moment(ended) }));
  if (column === 'finished') return element('span', 'whistle-left', page.say('to_confirm'));
  const made = element('span', 'whistle-left');
  if (by) made.dataset.by = by;
  tick(page, made);
  return made;
}

/** Write a countdown as it is now. */
export function tick(page, made) {
  const by = Number(made.dataset.by);
  if (!by) return;
  const left = by - page.now();
  made.classList.toggle('is-overdue', left < 0);
  made.classList.toggle('is-pressing', left >= 0 && left < 1800);
  made.textContent = page.say(left < 0 ? 'late_by' : 'there_in', { time: page.duration(Math.abs(left)) });
}

function partyLine(page, party) {
  const line = element('li', `party party-${party.standing}`);
  const name = element('span', 'party-name', party.name);
  if (party.lead) name.append(element('em', '', page.say('lead')));
  const said = [party.said];
  if (party.arrived) said.push(page.moment(party.arrived), ...(party.metres === null ? [] : [page.say('metres', { n: party.metres })]));
  else if (party.answered) said.push(page.moment(party.answered));
  line.append(element('span', 'party-mark'), name, element('span', 'party-said', said.join(' · ')));
  if (party.team) line.title = party.team;
  return line;
}
