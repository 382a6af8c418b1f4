/* The city's working hours: a calendar and the periods of a working day. */

import { get, give } from './office.mjs';
import { Page, element, setText, slot } from './page.mjs';
import { stateOf } from './states.mjs';

export async function start(config) {
  const page = new Page(config);
  try {
    draw(page, await get(page, '/api/hours'));
    slot('state').replaceChildren();
  } catch (error) {
    slot('form').replaceChildren();
    slot('state').replaceChildren(stateOf('failed', { title: page.say('failed'), text: error.message }));
  }
  document.body.dataset.ready = 'true';
}

function draw(page, said, told = '') {
  setText(slot('total'), page.say('day', { n: page.number.format(said.day_h), zone: said.timezone }));
  const form = element('form', 'hours');
  const calendar = document.createElement('select');
  calendar.name = 'calendar';
  calendar.append(...said.calendars.map((value) => Object.assign(document.createElement('option'), { value, textContent: page.say(`calendar.${value}`), selected: value === said.calendar })));
  const periods = element('div', 'hours-periods');
  periods.append(...said.periods.map(([opens, closes]) => period(page, opens, closes)));
  const add = Object.assign(element('button', 'desk-link', page.say('add')), { type: 'button' });
  add.addEventListener('click', () => periods.append(period(page, '19:00', '21:00')));
  const save = Object.assign(element('button', 'button is-main', page.say('save')), { type: 'submit' });
  const outcome = element('p', 'act-told', told);
  outcome.setAttribute('role', 'status');
  form.append(field(page.say('calendar'), calendar), field(page.say('periods'), periods), add, element('p', 'act-note', page.say('note')), outcome, save);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const asked = [...periods.children].map((line) => [...line.querySelectorAll('input')].map(({ value }) => value));
    try {
      draw(page, await give(page, '/api/hours', { calendar: calendar.value, periods: asked }), page.say('saved'));
    } catch (error) {
      outcome.textContent = error.message;
    }
  });
  slot('form').replaceChildren(form);
}

function period(page, opens, closes) {
  const line = element('div', 'hours-period');
  const [from, to] = [opens, closes].map((value) => Object.assign(document.createElement('input'), { value, required: true, pattern: '([01][0-9]|2[0-3]):[0-5][0-9]', maxLength: 5, size: 6, inputMode: 'numeric' }));
  from.setAttribute('aria-label', page.say('opens'));
  to.setAttribute('aria-label', page.say('closes'));
  const drop = Object.assign(element('button', 'desk-act'), { type: 'button', title: page.say('drop') });
  drop.setAttribute('aria-label', page.say('drop'));
  drop.append(element('span', 'icon icon-trash-2'));
  drop.addEventListener('click', () => line.remove());
  line.append(from, element('span', '', '–'), to, drop);
  return line;
}

function field(label, node) {
  const made = element('div', 'act-field');
  made.append(element('span', 'act-label', label), node);
  return made;
}
