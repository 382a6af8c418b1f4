/* The drawer of the open case, filled by Dash; its override says who goes instead, and why. */

import { slot } from './page.mjs';
import { stateOf } from './states.mjs';

const NAME = 'needle_name';

export class Drawer {
  constructor(desk) {
    this.desk = desk;
    this.stamp = 0;
    this.panel = slot('drawer');
    this.panel.addEventListener('click', (event) => this.clicked(event));
    this.panel.addEventListener('submit', (event) => event.preventDefault());
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  open(id) {
    this.panel.hidden = false;
    this.panel.dataset.loading = 'true';
    slot('side').dataset.drawer = 'open';
    this.id = id;
    window.dash_clientside.set_props(this.desk.config.selected, { data: { case: id, stamp: (this.stamp += 1) } });
  }

  filled() {
    this.panel.dataset.loading = 'false';
    const name = this.panel.querySelector('[data-override="actor"]');
    if (!name) return;
    for (const [key, field] of Object.entries(FIELDS)) this.put(key, field);
  }

  /* Dash has no plain fields: those of the form are made here, from what the drawer says about them. */
  put(key, make) {
    const place = this.panel.querySelector(`[data-override="${key}"]`);
    if (place) place.replaceChildren(make(place.dataset, this.desk));
  }

  close() {
    if (!this.isOpen) return;
    this.panel.hidden = true;
    slot('side').dataset.drawer = 'closed';
    this.desk.map.drawCandidates({});
    this.desk.remember();
  }

  clicked(event) {
    if (event.target.closest('[data-close]')) return this.close();
    if (event.target.closest('[data-override="start"]')) return this.startOverride();
    if (event.target.closest('[data-override="cancel"]')) return this.form.setAttribute('hidden', '');
    if (event.target.closest('[data-override="send"]')) return this.send();
    const team = event.target.closest('[data-team]');
    if (team) return this.startOverride(team.dataset.team);
    return undefined;
  }

  get form() {
    return this.panel.querySelector('[data-override="form"]');
  }

  /** Open the form, a team already chosen where one was pressed. */
  startOverride(team) {
    if (!this.form) return false;
    this.form.hidden = false;
    this.form.removeAttribute('hidden');
    if (team) this.form.querySelector('[name="team"]').value = team;
    this.form.scrollIntoView({ block: 'nearest' });
    this.form.querySelector(team ? '[name="code"]' : '[name="team"]').focus();
    return true;
  }

  async send() {
    const { form, desk } = this;
    const value = (name) => form.querySelector(`[name="${name}"]`).value.trim();
    const [actor, reason, code] = [value('actor'), value('reason'), value('code')];
    const chosen = form.querySelector('[name="team"]').selectedOptions[0];
    if (!actor || !reason || !code || !chosen?.value) return this.tell('empty', desk.page.say('override.incomplete'));
    localStorage.setItem(NAME, actor);
    const { action, role, seq } = form.dataset;
    const answer = await fetch(`/api/cases/${this.id}/commands`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ action, actor: `${role}:${actor}`, reason, code, seq: Number(seq), team: Number(chosen.value), department: chosen.dataset.department }),
    }).catch(() => null);
    if (!answer?.ok) return this.tell('failed', (await answer?.json().catch(() => null))?.[desk.page.language] ?? desk.page.say('failed'));
    desk.grid.refresh();
    return this.open(this.id);
  }

  tell(kind, text) {
    this.form.querySelector('[data-override="told"]').replaceChildren(stateOf(kind, { text, icon: kind === 'empty' ? 'circle-help' : undefined }));
  }
}

/* What the drawer's form is made of. */
const FIELDS = {
  team: (data) => select('team', JSON.parse(data.options), (option, [id, words, department]) => {
    option.value = id;
    option.textContent = words;
    option.dataset.department = department;
  }),
  code: (data) => select('code', JSON.parse(data.options), (option, [code, words]) => {
    option.value = code;
    option.textContent = words;
  }),
  reason: (data) => Object.assign(document.createElement('textarea'), { name: 'reason', rows: 2, maxLength: 500, placeholder: data.hint }),
  actor: () => Object.assign(document.createElement('input'), { name: 'actor', maxLength: 40, autocomplete: 'name', value: localStorage.getItem(NAME) ?? '' }),
};

function select(name, options, fill) {
  const made = Object.assign(document.createElement('select'), { name });
  made.append(document.createElement('option'), ...options.map((option) => {
    const line = document.createElement('option');
    fill(line, option);
    return line;
  }));
  return made;
}

export { NAME };
