/* What a plan changes: places of teams, hours, rules, boundaries; each with what is changed so far, and a way back. */

import { field, select } from './hotspots_asked.mjs';
import { button, h, icon } from './forms_dom.mjs';
import { get, give } from './office.mjs';
import { csrfToken } from './post.mjs';
import { counts } from './whatif_draft.mjs';

const DAYS = [0, 1, 2, 3, 4, 5, 6];
const CLOCK = '([01]\\d|2[0-3]):[0-5]\\d';

/** @param {object} plan the page @returns {HTMLElement[]} one section a kind of change */
export function changes(plan) {
  const made = counts(plan.draft);
  const section = (name, content) => h('details', { class: 'whatif-change', 'data-kind': name, open: plan.opened.has(name), ontoggle: ({ target }) => plan.opened[target.open ? 'add' : 'delete'](name) },
    h('summary', {}, icon({ teams: 'map-pin', hours: 'clock', rules: 'file-text', boundaries: 'layers' }[name]), h('b', { text: plan.page.say(`change.${name}`) }), h('span', { class: `whatif-count${made[name] ? ' is-some' : ''}`, text: made[name] ? plan.page.say('changed', { n: made[name] }) : plan.page.say('unchanged') })),
    h('div', { class: 'whatif-fields' }, content));
  return [section('teams', teams(plan)), section('hours', hours(plan)), section('rules', rules(plan)), section('boundaries', boundaries(plan))];
}

const chip = (text, act, label) => h('button', { type: 'button', class: 'desk-chip', 'aria-label': label, title: label, onclick: act, text }, icon('x'));
const chips = (list) => (list.length ? h('div', { class: 'whatif-chips' }, list) : null);

/* --- places of teams: by dragging, or with the keyboard through the middle of the map --------------------------- */

function teams(plan) {
  const { page, draft, said } = plan;
  const of = said.teams.filter((team) => team.department === plan.department);
  const chosen = of.find((team) => team.id === plan.team);
  const gone = chosen && draft.gone.includes(chosen.id);
  const undo = page.say('take_back');
  return [
    field(page.say('department'), select(said.departments, plan.department, (code) => plan.show({ department: code, team: null }))),
    field(page.say('team'), select([['', page.say('choose_team')], ...of.map((team) => [String(team.id), team.name])], chosen ? String(chosen.id) : '', (id) => plan.choose(id ? Number(id) : null))),
    h('div', { class: 'whatif-acts' },
      button(page.say('move_here'), 'navigation', () => plan.move(plan.team, plan.map.middle()), { disabled: !chosen || gone }),
      button(page.say('add_here'), 'circle-plus', () => plan.add(plan.team, plan.map.middle()), { disabled: !chosen }),
      button(page.say(gone ? 'keep' : 'remove'), gone ? 'undo-2' : 'trash-2', () => plan.toggle(plan.team), { disabled: !chosen })),
    h('p', { class: 'whatif-hint', text: page.say('teams_hint') }),
    chips([
      ...Object.keys(draft.moved).map((id) => chip(page.say('moved_of', { name: plan.nameOf(Number(id)) }), () => plan.forget('moved', id), undo)),
      ...draft.added.map(({ like }, at) => chip(page.say('added_of', { name: plan.nameOf(like) }), () => plan.forget('added', at), undo)),
      ...draft.gone.map((id) => chip(page.say('gone_of', { name: plan.nameOf(id) }), () => plan.toggle(id), undo)),
    ]),
  ];
}

/* --- hours ------------------------------------------------------------------------------------------------------- */

function hours(plan) {
  const { page, draft, said } = plan;
  const days = DAYS.map((day) => h('label', { class: 'whatif-day' }, h('input', { type: 'checkbox', name: 'day', value: String(day), checked: true }), h('span', { text: page.say(`day.${day}`) })));
  const clock = (name, value) => h('input', { name, value, required: true, pattern: CLOCK, maxLength: 5, inputMode: 'numeric', placeholder: '08:00' });
  const department = select([['*', page.say('everybody')], ...said.departments], plan.hoursOf ?? plan.department, (code) => (plan.hoursOf = code));
  const form = h('form', { class: 'whatif-fields', onsubmit: (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    const chosen = data.getAll('day').map(Number);
    if (chosen.length) plan.change({ hours: [...draft.hours.filter((one) => one.department !== department.value), { department: department.value, days: chosen, starts: data.get('starts'), ends: data.get('ends') }] });
  } }, field(page.say('department'), department), h('fieldset', { class: 'whatif-days' }, h('legend', { text: page.say('days_of') }), days),
    h('div', { class: 'whatif-pair' }, field(page.say('starts'), clock('starts', '08:00')), field(page.say('ends'), clock('ends', '20:00'))),
    h('p', { class: 'whatif-hint', text: page.say('hours_hint') }),
    h('button', { type: 'submit', class: 'desk-button', text: page.say('hours_take') }));
  return [form, chips(draft.hours.map((one, at) => chip(page.say('hours_of', { name: plan.departmentName(one.department), days: one.days.length === 7 ? page.say('daily') : one.days.map((day) => page.say(`day.${day}`)).join(' '), starts: one.starts, ends: one.ends }), () => plan.forget('hours', at), page.say('take_back'))))];
}

/* --- rules: a text, checked before it counts --------------------------------------------------------------------- */

function rules(plan) {
  const { page, draft } = plan;
  if (draft.rules === null) {
    return [h('p', { class: 'whatif-hint', text: page.say('rules_hint', { n: plan.said.rules }) }), button(page.say('rules_begin'), 'pencil', async () => {
      const { text } = await get(page, '/api/whatif/rules');
      plan.change({ rules: text });
    })];
  }
  const told = h('div', { class: 'whatif-told', role: 'status' });
  const text = h('textarea', { class: 'whatif-rules', value: draft.rules, spellcheck: false, rows: 14, 'aria-label': page.say('change.rules'), onchange: ({ target }) => plan.change({ rules: target.value }, { redraw: false }) });
  const check = async () => {
    const { problems, said } = await give(page, `/api/whatif/rules?lang=${page.language}`, { text: text.value }).catch((error) => ({ problems: [[0, error.message]], said: [] }));
    const lines = problems.length ? problems.map(([, sentence]) => h('li', { class: 'is-wrong', text: sentence })) : said.map((sentence) => h('li', { text: sentence }));
    told.replaceChildren(h('b', { class: problems.length ? 'is-wrong' : '', text: problems.length ? page.say('rules_wrong', { n: problems.length }) : page.say('rules_right', { n: said.length }) }), h('ol', {}, lines));
  };
  return [text, h('div', { class: 'whatif-acts' }, button(page.say('rules_check'), 'check-check', check), button(page.say('rules_back'), 'undo-2', () => plan.change({ rules: null }))), told];
}

/* --- boundaries: a file in the place of a layer ------------------------------------------------------------------ */

function boundaries(plan) {
  const { page, draft, said } = plan;
  const title = (name) => page.pick(said.ground.layers.find((layer) => layer.name === name)?.title) || name;
  const layer = select(said.tried.map((name) => [name, title(name)]), plan.layer ?? said.tried[0], (name) => (plan.layer = name));
  const code = h('input', { name: 'code', value: 'code', required: true, maxLength: 60 });
  const crs = select([['wgs84', 'WGS 84'], ['cgcs2000', 'CGCS2000'], ['gcj02', 'GCJ-02'], ['bd09', 'BD-09']], 'wgs84', () => {});
  const told = h('div', { class: 'whatif-told', role: 'status' });
  const file = h('input', { type: 'file', accept: '.geojson,.json,.gpkg,.zip,.parquet,.gz', required: true, 'aria-label': page.say('boundary_file') });
  const bring = async (event) => {
    event.preventDefault();
    told.replaceChildren(h('p', { text: page.say('boundary_reading') }));
    const query = new URLSearchParams({ layer: layer.value, file: file.files[0].name, code: code.value, crs: crs.value });
    const answer = await fetch(`/api/whatif/boundaries?${query}`, { method: 'POST', headers: { 'X-CSRF-Token': csrfToken() }, body: file.files[0] }).catch(() => null);
    const made = await answer?.json().catch(() => null);
    if (!answer?.ok) return void told.replaceChildren(h('b', { class: 'is-wrong', text: made?.[page.language] ?? page.say('failed') }));
    plan.change({ boundaries: [...draft.boundaries.filter((one) => one.layer !== made.layer), { ...made, file: file.files[0].name }] });
    return undefined;
  };
  return [
    h('form', { class: 'whatif-fields', onsubmit: bring }, field(page.say('layer'), layer), file,
      h('div', { class: 'whatif-pair' }, field(page.say('boundary_code'), code), field(page.say('boundary_crs'), crs)),
      h('p', { class: 'whatif-hint', text: page.say('boundary_hint') }),
      h('button', { type: 'submit', class: 'desk-button', text: page.say('boundary_take') }), told),
    chips(draft.boundaries.map((one, at) => chip(page.say('boundary_of', { layer: title(one.layer), n: one.areas, gone: one.gone?.length ?? 0, fresh: one.new?.length ?? 0 }), () => plan.forget('boundaries', at), page.say('take_back')))),
  ];
}
