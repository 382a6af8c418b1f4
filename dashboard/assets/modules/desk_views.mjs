/* Saved views: a name for what is filtered, ordered and shown; one's own, and what others share. */

import { element, slot } from './page.mjs';
import { post } from './post.mjs';

const ADDRESS = '/api/desk/views';

export class ViewsMenu {
  constructor(desk) {
    this.desk = desk;
  }

  async draw() {
    const menu = slot('menu-views');
    const { page } = this.desk;
    menu.replaceChildren(this.saving(), element('p', 'desk-wait', page.say('loading')));
    const answer = await fetch(ADDRESS).catch(() => null);
    const views = answer?.ok ? (await answer.json()).views : null;
    const list = element('div', 'desk-list');
    list.append(...(views ?? []).map((view) => this.line(view)));
    if (!views?.length) list.append(element('p', 'desk-wait', page.say(views ? 'views_none' : 'failed')));
    menu.lastChild.replaceWith(list);
  }

  saving() {
    const { page } = this.desk;
    const form = element('form', 'desk-saving');
    const name = field('name', page.say('view.name'), '');
    const shared = Object.assign(element('input'), { type: 'checkbox', name: 'shared' });
    const label = element('label', 'desk-choice');
    label.append(shared, element('span', '', page.say('view.shared')));
    const save = Object.assign(element('button', 'desk-button is-main', page.say('view.save')), { type: 'submit' });
    const told = element('p', 'desk-told');
    form.append(name.label, label, save, told);
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const said = { name: name.input.value, query: this.desk.written(), shared: shared.checked };
      told.textContent = await this.ask('POST', '', said) ?? '';
      if (!told.textContent) this.draw();
    });
    return form;
  }

  line(view) {
    const { page } = this.desk;
    const row = element('div', 'desk-view');
    const link = Object.assign(element('a', '', view.name), { href: this.addressOf(view) });
    if (view.shared) link.append(element('span', 'desk-n', view.mine ? page.say('view.is_shared') : view.owner));
    row.append(link);
    if (view.mine) row.append(this.act('settings', page.say('view.rename'), () => this.rename(view, row)), this.act('trash-2', page.say('view.delete'), () => this.change('DELETE', `/${view.id}`)));
    return row;
  }

  addressOf(view) {
    const [query, fragment = ''] = view.query.split('#');
    const kept = new URLSearchParams(query);
    for (const key of ['lang', 'theme']) if (new URLSearchParams(location.search).has(key)) kept.set(key, new URLSearchParams(location.search).get(key));
    return `${location.pathname}?${kept}${fragment && `#${fragment}`}`;
  }

  act(icon, words, handler) {
    const button = Object.assign(element('button', 'desk-act'), { type: 'button', title: words });
    button.setAttribute('aria-label', words);
    button.append(element('span', `icon icon-${icon}`));
    button.addEventListener('click', (event) => {
      event.stopPropagation();
      handler();
    });
    return button;
  }

  rename(view, row) {
    const input = Object.assign(element('input', 'desk-narrow'), { value: view.name, maxLength: 60 });
    input.setAttribute('aria-label', this.desk.page.say('view.rename'));
    input.addEventListener('keydown', (event) => event.key === 'Enter' && this.change('PATCH', `/${view.id}`, { name: input.value }));
    row.replaceChildren(input);
    input.select();
  }

  async change(method, path, said) {
    const trouble = await this.ask(method, path, said);
    await this.draw();
    if (trouble) slot('menu-views').querySelector('.desk-told').textContent = trouble;
  }

  /** @returns {Promise<string|null>} what went wrong, in words */
  async ask(method, path, said) {
    const answer = await post(ADDRESS + path, said, { method }).catch(() => null);
    if (answer?.ok) return null;
    return (await answer?.json().catch(() => null))?.[this.desk.page.language] ?? this.desk.page.say('failed');
  }
}

function field(name, words, value) {
  const label = element('label', 'desk-field', words);
  const input = Object.assign(element('input'), { name, value, maxLength: 60, required: true, autocomplete: 'off' });
  label.append(input);
  return { label, input };
}
