/* The panel that makes an account or changes one: which fields there are follows from the role. */

import { get } from './office.mjs';
import { element } from './page.mjs';
import { post } from './post.mjs';

const ASK_MS = 180;

export class AccountForm {
  /** @param {import('./page.mjs').Page} page @param {{roles: string[][], layers: string[][]}} said of the list */
  constructor(page, said) {
    Object.assign(this, { page, said });
  }

  /** @param {object|null} account to change; null: a new one. @returns {Promise<object|null>} what was told of it */
  open(account) {
    this.account = account;
    this.areas = new Map(account?.areas ?? []);
    this.dialog = element('dialog', 'told account-form');
    this.form = element('form');
    this.form.noValidate = true;
    this.form.append(element('h2', '', this.page.say(account ? 'change_title' : 'add_title')), ...this.fields(), this.told(), this.foot());
    this.form.addEventListener('submit', (event) => this.send(event));
    this.dialog.append(this.form);
    this.dialog.setAttribute('aria-label', this.page.say(account ? 'change_title' : 'add_title'));
    document.body.append(this.dialog);
    this.follow();
    this.dialog.showModal();
    return new Promise((done) => {
      this.dialog.addEventListener('close', () => {
        this.dialog.remove();
        done(this.answer ?? null);
      });
    });
  }

  fields() {
    const { account, said } = this;
    const screens = account ? (account.role === 'screen' ? ['screen'] : said.roles.map(([role]) => role).filter((role) => role !== 'screen')) : said.roles.map(([role]) => role);
    this.username = input({ value: account?.username ?? '', disabled: !!account, maxLength: 40, required: true });
    this.name = input({ value: account?.name ?? '', maxLength: 60, required: true });
    this.role = select(said.roles.filter(([role]) => screens.includes(role)), account?.role ?? 'operator');
    this.role.addEventListener('change', () => this.follow());
    this.department = this.chooser('department', account?.department);
    this.team = this.chooser('team', account?.team);
    return [this.labelled('username', this.username, 'username_hint'), this.labelled('name', this.name), this.labelled('role', this.role), this.labelled('department', this.department.field), this.labelled('team', this.team.field, 'team_hint'), this.where()];
  }

  labelled(key, field, hint) {
    const label = element('label', `account-field of-${key}`, this.page.say(key));
    label.append(field, ...(hint ? [element('small', '', this.page.say(hint))] : []));
    return label;
  }

  /** A field that finds a name while one types; what is chosen is a code. */
  chooser(facet, chosen, taken) {
    const list = Object.assign(element('datalist'), { id: `choices-${facet}-${Math.random().toString(36).slice(2)}` });
    const field = input({ value: chosen?.[1] ?? '' });
    field.setAttribute('list', list.id);
    const made = { field, list, code: chosen?.[0] ?? null, facet };
    let due = 0;
    field.addEventListener('input', () => {
      const option = [...list.options].find(({ value }) => value === field.value);
      made.code = option?.dataset.code ?? null;
      if (option && taken) return taken(made, option);
      clearTimeout(due);
      due = setTimeout(() => this.find(made), ASK_MS);
      return undefined;
    });
    field.addEventListener('focus', () => this.find(made), { once: true });
    this.form.append(list);
    return made;
  }

  async find(made) {
    const { page } = this;
    const asked = made.field.value;
    const { values } = await get(page, `/api/accounts/choices/${made.facet}?lang=${page.language}&text=${encodeURIComponent(asked.trim())}`);
    if (made.field.value !== asked) return;
    made.list.replaceChildren(...values.map(([code, name]) => {
      const option = Object.assign(element('option'), { value: name, label: code });
      option.dataset.code = code;
      return option;
    }));
    const exact = [...made.list.options].find(({ value }) => value === made.field.value);
    if (exact && !made.code) made.code = exact.dataset.code;
  }

  /** Areas of one layer, each as something that can be taken away again. */
  where() {
    const { page, said } = this;
    const part = element('fieldset', 'account-field of-areas');
    const layer = this.account?.areas[0]?.[0].split(':')[0] ?? said.layers.find(([name]) => name === 'subdistrict')?.[0] ?? said.layers[0]?.[0];
    this.layer = select(said.layers, layer);
    this.layer.setAttribute('aria-label', page.say('layer'));
    this.area = this.chooser(`area:${layer}`, null, (made, option) => this.take(`${this.layer.value}:${option.dataset.code}`, option.value));
    this.area.field.setAttribute('aria-label', page.say('area'));
    this.area.field.placeholder = page.say('area');
    this.layer.addEventListener('change', () => {
      this.areas.clear();
      Object.assign(this.area, { facet: `area:${this.layer.value}`, code: null });
      this.area.list.replaceChildren();
      this.area.field.value = '';
      this.drawAreas();
      this.find(this.area);
    });
    this.chosen = element('div', 'account-areas');
    const line = element('div', 'account-line');
    line.append(this.layer, this.area.field);
    part.append(element('legend', '', page.say('areas')), line, this.chosen);
    this.drawAreas();
    return part;
  }

  take(code, name) {
    this.areas.set(code, name);
    this.area.field.value = '';
    this.area.code = null;
    this.drawAreas();
  }

  drawAreas() {
    const { page } = this;
    this.chosen.replaceChildren(...[...this.areas].map(([code, name]) => {
      const button = Object.assign(element('button', 'account-area', `${name} ×`), { type: 'button' });
      button.setAttribute('aria-label', page.say('take_away', { name }));
      button.addEventListener('click', () => {
        this.areas.delete(code);
        this.drawAreas();
      });
      return button;
    }), ...(this.areas.size ? [] : [element('span', '', page.say('whole'))]));
  }

  told() {
    this.line = element('p', 'account-told');
    this.line.setAttribute('role', 'alert');
    return this.line;
  }

  foot() {
    const foot = element('div', 'told-foot');
    const cancel = Object.assign(element('button', 'button', this.page.say('cancel')), { type: 'button' });
    cancel.addEventListener('click', () => this.dialog.close());
    foot.append(cancel, Object.assign(element('button', 'button is-main', this.page.say(this.account ? 'save' : 'make')), { type: 'submit' }));
    return foot;
  }

  /** A handler has a department, a grid worker may have a team. */
  follow() {
    this.form.querySelector('.of-department').hidden = this.role.value !== 'handler';
    this.form.querySelector('.of-team').hidden = this.role.value !== 'grid_worker';
  }

  async send(event) {
    event.preventDefault();
    const role = this.role.value;
    await this.settle({ handler: this.department, grid_worker: this.team }[role]);
    const said = { username: this.username.value.trim(), name: this.name.value.trim(), role, department: role === 'handler' ? this.department.code : null, team: role === 'grid_worker' && this.team.code ? Number(this.team.code) : null, areas: [...this.areas.keys()] };
    if (role === 'grid_worker' && this.team.field.value.trim() && !this.team.code) return this.refuse(this.page.say('team_unknown'));
    const { account } = this;
    const answer = await post(account ? `/api/accounts/${encodeURIComponent(account.username)}` : '/api/accounts', said, { method: account ? 'PUT' : 'POST' }).catch(() => null);
    const told = await answer?.json().catch(() => null);
    if (!answer?.ok) return this.refuse(told?.[this.page.language] ?? this.page.say('failed'));
    this.answer = { ...told, role, name: said.name };
    return this.dialog.close();
  }

  /** Whoever types a whole name and sends at once is faster than the search that finds its code. */
  async settle(made) {
    if (made?.field.value.trim() && !made.code) await this.find(made).catch(() => null);
  }

  refuse(text) {
    this.line.textContent = text;
  }
}

function input(values) {
  return Object.assign(element('input'), { type: 'text', autocomplete: 'off', spellcheck: false, ...values });
}

function select(values, chosen) {
  const made = element('select');
  made.append(...values.map(([value, text]) => Object.assign(element('option', '', text), { value, selected: value === chosen })));
  return made;
}
