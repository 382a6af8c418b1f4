/* The fields of an action's form: each is drawn with what may be chosen, and gives what the command says of it. */

import { fromField, toField } from './city_time.mjs';
import { dateField } from './date_field.mjs';
import { get } from './office.mjs';
import { element } from './page.mjs';

const TYPING_MS = 180;
const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

/**
 * @typedef {{ label: string, node: HTMLElement, value: () => object|null }} Field `value`: what goes into the command; null: still missing
 * @type {Record<string, (form: { page: object, cases: object[], choices: object, chosen?: object }) => Field|null>}
 */
export const FIELDS = {
  team: (form) => (form.cases.length > 1 ? proposals(form) : teamField(form, 'team')),
  own_team: (form) => (form.cases.length > 1 ? null : teamField(form, 'own_team', { optional: true, only: form.cases[0].department })),
  matter: (form) => matterField(form),
  condition: ({ page, choices, cases }) => (cases.length > 1 || !choices.conditions?.length ? null : select(page, 'condition', choices.conditions, (value) => ({ condition: Number(value) }))),
  main_case: (form) => mainCase(form),
  until: ({ page }) => moment(page, 'until', 30 * DAY_S),
  arrive_by: ({ page }) => moment(page, 'arrive_by', 2 * HOUR_S),
  purpose: ({ page, choices }) => select(page, 'purpose', choices.purposes, (purpose) => ({ purpose })),
  departments: (form) => departments(form),
  lead: ({ page, choices, cases }) => select(page, 'lead', choices.parties.length ? choices.parties : choices.departments, (lead) => ({ lead }), cases[0].department),
  party: ({ page, choices }) => select(page, 'party', choices.parties, (department) => ({ department })),
  place: ({ page, cases }) => place(page, cases[0].at),
  text: ({ page }) => textArea(page),
};

function labelled(page, name, node, value) {
  node.querySelector('input, select, textarea')?.setAttribute('name', name);
  return { label: page.say(`act.field.${name}`), node, value };
}

function select(page, name, options, say, first) {
  const made = document.createElement('select');
  made.append(...options.map(([value, words]) => Object.assign(document.createElement('option'), { value, textContent: words })));
  if (first) made.value = first;
  const around = element('div', 'act-control');
  around.append(made);
  return labelled(page, name, around, () => (made.value ? say(made.value) : null));
}

function textArea(page) {
  const made = Object.assign(document.createElement('textarea'), { rows: 3, maxLength: 2000 });
  const around = element('div', 'act-control');
  around.append(made);
  return labelled(page, 'text', around, () => (made.value.trim() ? { text: made.value.trim() } : null));
}

function moment(page, name, ahead) {
  const field = dateField(page, { time: true, value: toField(page.now() + ahead, page.timezone) });
  const around = element('div', 'act-control');
  around.append(field.node);
  return labelled(page, name, around, () => (field.read() ? { [name]: new Date(fromField(field.read(), page.timezone) * 1000).toISOString() } : null));
}

/* Several cases go each to the team that its decision proposes. */
function proposals({ page, cases }) {
  const known = cases.filter(({ proposal }) => proposal).length;
  const note = element('p', 'act-note', page.say('act.proposals', { n: known, of: cases.length }));
  return { label: page.say('act.field.team'), node: note, value: () => ({}), of: ({ proposal }) => (proposal ? { team: proposal.team, department: proposal.department } : null) };
}

/* Teams: the proposed one chosen, others found by their name. */
function teamField({ page, cases: [one], chosen }, name, { optional = false, only } = {}) {
  let team = chosen ?? (optional ? null : one.proposal && { id: one.proposal.team, name: one.proposal.name, department: one.proposal.department });
  const around = element('div', 'act-teams');
  const search = Object.assign(document.createElement('input'), { type: 'search', placeholder: page.say('act.team_search'), autocomplete: 'off', spellcheck: false });
  const list = element('div', 'act-list');
  list.setAttribute('role', 'listbox');
  let timer;
  const draw = (teams) => list.replaceChildren(...teams.filter(({ department }) => !only || department === only).map((found) => line(found, found.id === team?.id, found.id === one.proposal?.team ? page.say('act.proposed') : '', () => {
    team = found;
    for (const other of list.children) other.setAttribute('aria-selected', String(other.dataset.team === String(found.id)));
  })));
  const look = async () => draw((await get(page, `/api/desk/cases/${one.id}/teams?${new URLSearchParams({ q: search.value, lang: page.language })}`)).teams);
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(look, TYPING_MS);
  });
  search.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const lines = [...list.children];
    const at = lines.findIndex((other) => other.getAttribute('aria-selected') === 'true') + (event.key === 'ArrowDown' ? 1 : -1);
    lines[Math.min(Math.max(at, 0), lines.length - 1)]?.click();
    list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  });
  around.append(search, list);
  look();
  return labelled(page, name, around, () => (team ? { team: team.id, department: team.department } : optional ? {} : null));
}

function line(team, chosen, mark, choose) {
  const made = element('button', `act-line${team.empowered ? '' : ' is-doubtful'}${team.full ? ' is-full' : ''}`);
  made.type = 'button';
  made.dataset.team = team.id;
  made.setAttribute('role', 'option');
  made.setAttribute('aria-selected', String(chosen));
  const name = element('b', '', team.name);
  if (mark) name.append(element('em', 'act-proposed', mark));
  made.append(name, element('span', '', team.text));
  made.addEventListener('click', choose);
  return made;
}

/* What the case is about: what its words suggest, others by their name. */
function matterField({ page, cases: [one] }) {
  let matter = null;
  const around = element('div', 'act-teams');
  const search = Object.assign(document.createElement('input'), { type: 'search', placeholder: page.say('act.matter_search'), autocomplete: 'off', spellcheck: false });
  const list = element('div', 'act-list');
  const look = async () => {
    const { matters } = await get(page, `/api/desk/cases/${one.id}/matters?${new URLSearchParams({ q: search.value, lang: page.language })}`);
    matter = matters[0]?.[0] ?? null;
    list.replaceChildren(...matters.map(([key, name, text]) => {
      const made = element('button', 'act-line');
      made.type = 'button';
      made.setAttribute('aria-selected', String(key === matter));
      made.append(element('b', '', name), element('span', '', text));
      made.addEventListener('click', () => {
        matter = key;
        for (const other of list.children) other.setAttribute('aria-selected', String(other === made));
      });
      return made;
    }));
    if (!matters.length) list.append(element('p', 'act-note', page.say('act.matter_none')));
  };
  let timer;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(look, TYPING_MS);
  });
  around.append(search, list);
  look();
  return labelled(page, 'matter', around, () => (matter ? { matter } : null));
}

/* Which case it goes into: the likeliest suggestion, or of several chosen cases the one reported first. */
function mainCase(form) {
  const { page, cases, chosen } = form;
  const around = element('div', 'act-list');
  let main = chosen?.main ?? null;
  const draw = (others) => {
    main ??= others[0]?.id ?? null;
    around.replaceChildren(...others.map((other) => {
      const made = element('button', 'act-line');
      made.type = 'button';
      made.setAttribute('aria-selected', String(other.id === main));
      made.append(element('b', '', `${other.number} · ${other.title}`), element('span', '', [other.distance, other.age, other.said].filter(Boolean).join(' · ')), ...(other.text ? [element('q', '', other.text)] : []));
      made.addEventListener('click', () => {
        main = other.id;
        for (const all of around.children) all.setAttribute('aria-selected', String(all === made));
      });
      return made;
    }));
    if (!others.length) around.append(element('p', 'act-note', page.say('duplicates.none')));
  };
  if (cases.length > 1) draw([...cases].sort((a, b) => a.id - b.id).map(({ id, number, title }) => ({ id, number, title })));
  else {
    around.append(element('p', 'act-note', page.say('loading')));
    get(page, `/api/desk/cases/${cases[0].id}/duplicates?lang=${page.language}`).then(({ suggested }) => draw(suggested.map((other) => ({ ...other, said: other.state }))))
      .catch(({ message }) => around.replaceChildren(element('p', 'act-note', message)));
  }
  const said = () => (main ? { main_case: main } : null);
  return { ...labelled(page, 'main_case', around, said), of: (one) => (one.id === main ? null : said()) };
}

function departments({ page, choices, cases: [one] }) {
  const around = element('div', 'act-list act-checks');
  around.append(...choices.departments.map(([code, name]) => {
    const label = element('label', 'desk-choice');
    label.append(Object.assign(document.createElement('input'), { type: 'checkbox', value: code, checked: code === one.department }), element('span', '', name));
    return label;
  }));
  const ticked = () => [...around.querySelectorAll('input:checked')].map(({ value }) => value);
  return { label: page.say('act.field.departments'), node: around, value: () => (ticked().length ? { departments: ticked() } : null) };
}

/* Where somebody reports on site: where this device is, else at the case. */
function place(page, at) {
  let found = at && { lng: at[0], lat: at[1], crs: 'wgs84' };
  const note = element('p', 'act-note', page.say(at ? 'act.place_case' : 'act.place_none'));
  navigator.geolocation?.getCurrentPosition(({ coords }) => {
    found = { lng: coords.longitude, lat: coords.latitude, crs: 'wgs84', accuracy_m: coords.accuracy };
    note.textContent = page.say('act.place_here', { m: Math.round(coords.accuracy) });
  }, () => {}, { enableHighAccuracy: true, timeout: 8_000 });
  return { label: page.say('act.field.place'), node: note, value: () => found };
}
