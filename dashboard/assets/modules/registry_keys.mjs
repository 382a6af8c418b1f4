/* Keys by which departments' systems read the registry: what for, where, how fast, how much; made once, revoked at once. */

import { button, change, confirm, dialog, failure, h, icon } from './forms_dom.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { Page, slot } from './page.mjs';
import { stateOf } from './states.mjs';

const PER_MINUTE = 60;
const ROWS_A_DAY = 5_000;

export async function open(config) {
  const keys = new Keys(config);
  await keys.load();
}

class Keys {
  constructor(config) {
    this.page = new Page(config);
  }

  async load() {
    const { page } = this;
    try {
      this.said = await get(page, `/api/registry/keys?lang=${page.language}`);
      page.follow({ city: { timezone: this.said.timezone }, now: this.said.now });
      if (!this.known) {
        this.known = true;
        register('n', page.say('keys.make'), () => this.make());
        register('Escape', page.say('key.back'), () => location.assign('/registry'));
      }
      this.draw();
    } catch (error) {
      slot('room').replaceChildren(failure(page, error, () => this.load()));
    }
    document.body.dataset.ready = 'true';
  }

  draw() {
    const { page, said } = this;
    const live = said.keys.filter(({ revoked }) => !revoked);
    const head = h('header', { class: 'sheet-head registry-head' }, h('a', { class: 'forms-quiet', href: '/registry', title: page.say('back'), 'aria-label': page.say('back') }, icon('arrow-left')), h('h1', { text: page.say('keys.title') }), h('p', { class: 'desk-total', role: 'status', text: page.say('keys.total', { n: live.length }) }), h('div', { class: 'sheet-tools' }, h('a', { class: 'desk-button', href: '/registry/api/docs', target: '_blank', rel: 'noopener' }, icon('file-text'), h('span', { text: page.say('keys.docs') })), button(page.say('keys.make'), 'plus', () => this.make(), { main: true, name: 'keys-make' })));
    const body = said.keys.length ? said.keys.map((key) => this.key(key)) : [stateOf('empty', { title: page.say('keys.none'), text: page.say('keys.none_text'), icon: 'settings', action: { words: page.say('keys.make'), act: () => this.make() } })];
    slot('room').replaceChildren(head, h('div', { class: 'registry-keys' }, body));
  }

  key(key) {
    const { page } = this;
    const chips = (all) => all.map((text) => h('span', { class: 'registry-chip', text }));
    return h('article', { class: `registry-key${key.revoked ? ' is-revoked' : ''}`, 'data-key': String(key.number) },
      h('header', {}, h('b', { text: key.department }), h('span', { text: key.holder }), key.revoked ? h('span', { class: 'registry-chip', text: page.say('keys.revoked') }) : button(page.say('keys.revoke'), null, () => this.revoke(key), { name: 'keys-revoke' })),
      h('p', {}, chips(key.purposes)),
      h('p', { class: 'cells-note', text: [key.areas.length ? key.areas.join(page.say('between')) : page.say('keys.areas_all'), page.say('keys.limits', { minute: page.number.format(key.per_minute), day: page.number.format(key.rows_a_day) }), page.say('keys.read', { n: page.number.format(key.read) }), key.last ? page.say('keys.last', { time: page.moment(key.last) }) : page.say('keys.never')].join(' · ') }));
  }

  async revoke(key) {
    const { page } = this;
    if (!(await confirm(page, page.say('keys.revoke_sure', { holder: key.holder }), page.say('keys.revoke')))) return;
    await change(page, 'DELETE', `/api/registry/keys/${key.number}`);
    await this.load();
  }

  make() {
    const { page, said } = this;
    const field = (name, control) => h('label', { class: 'desk-field' }, h('span', { text: page.say(`keys.${name}`) }), control);
    const department = h('select', { name: 'department' }, said.departments.map(([value, text]) => h('option', { value, text })));
    const holder = h('input', { name: 'holder', required: true, maxlength: 120, placeholder: page.say('keys.holder_hint') });
    const purposes = h('fieldset', { class: 'keys-purposes' }, h('legend', { text: page.say('keys.purposes') }), said.purposes.map(({ code, name, basis, needs }) => h('label', { title: basis }, h('input', { type: 'checkbox', name: 'purpose', value: code }), h('span', { text: name }), h('small', { text: `${basis} · ${page.say('keys.needs', { n: needs })}` }))));
    const layers = Object.entries(said.areas).filter(([, areas]) => areas.length > 1 && areas.length < 400);
    const areas = h('select', { name: 'area', multiple: true, size: 5 }, layers.map(([layer, known]) => h('optgroup', { label: page.say(`level.${layer}`) }, known.map(([code, text]) => h('option', { value: `${layer}:${code}`, text })))));
    const number = (name, value) => h('input', { name, type: 'number', min: 1, required: true, value });
    const minute = number('per_minute', PER_MINUTE), day = number('rows_a_day', ROWS_A_DAY);
    const told = h('p', { class: 'desk-told', role: 'alert' });
    const chosen = () => [...purposes.querySelectorAll('input:checked')].map(({ value }) => value);
    dialog(page.say('keys.make'), 'keys-new', (close) => h('form', { onsubmit: async (event) => {
      event.preventDefault();
      try {
        const made = await change(page, 'POST', '/api/registry/keys', { department: department.value, holder: holder.value, purposes: chosen(), areas: [...areas.selectedOptions].map(({ value }) => value), per_minute: Number(minute.value), rows_a_day: Number(day.value) });
        close();
        await this.load();
        this.show(made.key, holder.value);
      } catch (error) {
        told.textContent = error.message;
      }
    } }, h('h2', { text: page.say('keys.make') }), h('div', { class: 'outreach-pair' }, field('department', department), field('holder', holder)), purposes, h('div', { class: 'keys-limits' }, field('areas', areas), h('div', {}, field('per_minute', minute), field('rows_a_day', day))), told,
    h('div', { class: 'forms-confirm-acts' }, button(page.say('cancel'), null, close), h('button', { type: 'submit', class: 'desk-button is-main', text: page.say('keys.make') }))));
  }

  /* Once: the key is nowhere kept. */
  show(key, holder) {
    const { page } = this;
    const copy = button(page.say('keys.copy'), 'copy', async () => {
      await navigator.clipboard?.writeText(key);
      copy.lastChild.textContent = page.say('keys.copied');
    });
    dialog(page.say('keys.made'), 'keys-made', (close) => h('div', {}, h('h2', { text: page.say('keys.made') }), h('p', { text: page.say('keys.made_text', { holder }) }), h('p', { class: 'keys-secret' }, h('code', { text: key }), copy), h('div', { class: 'forms-confirm-acts' }, button(page.say('keys.done'), null, close, { main: true }))));
  }
}
