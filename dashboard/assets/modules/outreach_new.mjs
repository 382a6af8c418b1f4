/* A new asking: which form, in whose name, until when, whom; the area from a list or on the map. */

import { dateField } from './date_field.mjs';
import { h } from './forms_dom.mjs';
import { AreaMap } from './outreach_map.mjs';

const KINDS = ['building', 'household', 'person', 'area'];
const USES = ['residential', 'commercial', 'office', 'industrial', 'public'];
const DAYS = 7;

/** Open the form; `onAsk` gets what is wanted, and its promise is awaited. */
export function openNew(page, said, onAsk) {
  const state = { to: 'building', layer: said.own[0]?.[0] ?? Object.keys(said.areas).at(-1) ?? '', areas: new Map() };
  const fields = makeFields(page, said, state);
  const told = h('p', { class: 'desk-told', role: 'alert' });
  const form = h('form', { class: 'outreach-form', method: 'dialog' }, h('header', {}, h('h2', { text: page.say('new') })), h('div', { class: 'outreach-columns' }, h('div', { class: 'outreach-fields' }, fields.left), fields.where), told,
    h('div', { class: 'system-acts' }, h('button', { type: 'button', class: 'button', text: page.say('cancel'), onclick: () => dialog.close() }), h('button', { type: 'submit', class: 'button is-main', 'data-act': 'ask', text: page.say('ask') })));
  const dialog = h('dialog', { class: 'outreach-new', 'aria-label': page.say('new') }, form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const wanted = await fields.read();
    const missing = missingIn(page, wanted);
    told.textContent = missing ?? '';
    if (missing) return;
    dialog.close();
    try {
      await onAsk(wanted);
    } catch (error) {
      document.body.append(dialog);
      dialog.showModal();
      told.textContent = error.message;
    }
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  fields.begin();
}

function missingIn(page, wanted) {
  if (!wanted.title.trim() || !wanted.asks.trim()) return page.say('missing.words');
  if (!wanted.until) return page.say('missing.until');
  if ((wanted.to === 'household' || wanted.to === 'person') && !wanted.list) return page.say('missing.list');
  if (wanted.to === 'area' && !wanted.areas.length) return page.say('missing.area');
  return null;
}

function makeFields(page, said, state) {
  const field = (name, control) => h('label', { class: 'desk-field' }, h('span', { text: page.say(`field.${name}`) }), control);
  const select = (name, values, act) => h('select', { name, onchange: ({ target }) => act?.(target.value) }, values.map(([value, text]) => h('option', { value, text })));
  const form = select('form', said.forms.map(({ form: key, title }) => [key, title]), (key) => (title.value = said.forms.find((one) => one.form === key).title));
  const title = h('input', { name: 'title', value: said.forms[0].title, maxlength: 200 });
  const asks = h('input', { name: 'asks', maxlength: 200, placeholder: page.say('asks_hint') });
  const until = dateField(page, { name: 'until', time: true, value: soon(DAYS) });
  const remind = dateField(page, { name: 'remind', time: true });
  const to = h('div', { class: 'desk-tabs', role: 'group', 'aria-label': page.say('field.to') }, KINDS.map((kind) => h('button', { type: 'button', 'data-kind': kind, 'aria-pressed': String(kind === state.to), text: page.say(`kind.${kind}`), onclick: () => choose(kind) })));
  const about = h('p', { class: 'cells-note' });
  const list = h('input', { name: 'list', type: 'file', accept: '.csv,text/csv' });
  const uses = h('div', { class: 'outreach-uses' }, USES.map((use) => { const check = h('input', { type: 'checkbox', value: use }); check.checked = use === 'residential'; return h('label', {}, check, page.say(`use.${use}`)); }));
  const allowed = h('input', { name: 'allowed', type: 'number', min: 1, placeholder: page.say('allowed_any') });
  const rows = { list: field('list', list), uses: field('uses', uses), allowed: field('allowed', allowed) };
  const where = areaField(page, said, state);
  const choose = (kind) => {
    state.to = kind;
    for (const button of to.children) button.setAttribute('aria-pressed', String(button.dataset.kind === kind));
    about.textContent = page.say(`about.${kind}`);
    rows.list.hidden = kind === 'building' || kind === 'area';
    rows.uses.hidden = kind !== 'building';
    where.node.hidden = kind === 'household' || kind === 'person';
  };
  return {
    left: [field('form', form), field('title', title), field('asks', asks), h('div', { class: 'outreach-pair' }, field('until', until.node), field('remind', remind.node)), h('div', { class: 'desk-field' }, h('span', { text: page.say('field.to') }), to), about, rows.list, rows.uses, rows.allowed],
    where: where.node,
    begin: () => {
      choose(state.to);
      where.begin();
    },
    read: async () => ({
      form: form.value, title: title.value, asks: asks.value, until: until.read(), remind: remind.read() ? [remind.read()] : [], to: state.to, areas: where.node.hidden ? [] : [...state.areas.keys()].map((key) => key.split(':')),
      uses: state.to === 'building' ? [...uses.querySelectorAll('input:checked')].map(({ value }) => value) : [], list: list.files[0] && !rows.list.hidden ? await list.files[0].text() : '', uses_allowed: Number.parseInt(allowed.value, 10) || null,
    }),
  };
}

/* The areas: one layer at a time; what is chosen in the list is chosen on the map, and the other way round. */
function areaField(page, said, state) {
  const layers = said.ground.layers.filter(({ name }) => said.areas[name]?.length);
  const picker = h('select', { 'aria-label': page.say('layer'), onchange: ({ target }) => show(target.value) }, layers.map(({ name, title }) => h('option', { value: name, text: page.pick(title) })));
  const list = h('div', { class: 'outreach-areas', role: 'group', 'aria-label': page.say('field.areas') });
  const container = h('div', { class: 'map' });
  const chosen = h('p', { class: 'cells-note', role: 'status' });
  let map = null;
  const toggle = (code, name) => {
    const key = `${state.layer}:${code}`;
    if (state.areas.has(key)) state.areas.delete(key);
    else state.areas.set(key, name);
    drawn();
  };
  const drawn = () => {
    for (const input of list.querySelectorAll('input')) input.checked = state.areas.has(`${state.layer}:${input.value}`);
    chosen.textContent = state.areas.size ? page.say('areas_chosen', { names: [...state.areas.values()].join(page.say('between')) }) : page.say(said.own.length ? 'areas_own' : 'areas_none');
    map?.mark(state.layer, [...state.areas.keys()].filter((key) => key.startsWith(`${state.layer}:`)).map((key) => key.slice(state.layer.length + 1)));
  };
  const show = (layer) => {
    Object.assign(state, { layer });
    state.areas.clear();
    picker.value = layer;
    list.replaceChildren(...(said.areas[layer] ?? []).filter(([code]) => said.own.every(([own]) => own !== layer) || said.own.some(([, mine]) => mine === code)).map(([code, name]) => h('label', { class: 'desk-choice' }, h('input', { type: 'checkbox', value: code, onchange: () => toggle(code, name) }), h('span', { text: name }))));
    drawn();
  };
  const node = h('div', { class: 'outreach-where' }, h('div', { class: 'pane-tools' }, h('span', { class: 'pane-choice', text: page.say('field.areas') }), picker), h('div', { class: 'outreach-map' }, container), list, chosen);
  return {
    node,
    begin: () => {
      if (said.ground.city) map = new AreaMap(container, said.ground, (layer, code, name) => layer === state.layer && toggle(code, name));
      show(layers.some(({ name }) => name === state.layer) ? state.layer : layers[0]?.name ?? '');
    },
  };
}

/* A moment some days on at 18:00, as a field has it. */
function soon(days) {
  const at = new Date(Date.now() + days * 86_400_000);
  const two = (value) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T18:00`;
}
