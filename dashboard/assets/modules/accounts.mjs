/* Accounts: a list with a search, a panel that makes or changes one, and what is told only once. */

import { AccountForm } from './account_form.mjs';
import { readQuery, writeQuery } from './address.mjs';
import { Refusal, give } from './office.mjs';
import { element, setText, slot } from './page.mjs';
import { Sheet } from './sheet_page.mjs';
import { stateOf } from './states.mjs';
import { tellOnce } from './told_once.mjs';

const COLUMNS = ['account', 'role', 'sees', 'seen', 'acts'];

export async function start(config) {
  const accounts = new Accounts(config);
  slot('add').addEventListener('click', () => accounts.edit(null));
  await accounts.load();
}

class Accounts extends Sheet {
  address() {
    return `/api/accounts?lang=${this.page.language}`;
  }

  draw(said) {
    const { page } = this;
    this.when = new Intl.DateTimeFormat(page.language === 'zh' ? 'zh-CN' : 'en-GB', { timeZone: said.timezone, dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });
    this.search ??= this.finder();
    this.show();
  }

  /** The search above the list; it stands in the address. */
  finder() {
    const field = Object.assign(element('input', 'accounts-search'), { type: 'search', value: readQuery().get('text') ?? '', placeholder: this.page.say('search'), maxLength: 60, autocomplete: 'off', spellcheck: false });
    field.setAttribute('aria-label', this.page.say('search'));
    field.addEventListener('input', () => {
      writeQuery({ text: field.value.trim() || null });
      this.show();
    });
    slot('add').before(field);
    return field;
  }

  show() {
    const { page, said } = this;
    const wanted = this.search.value.trim().toLowerCase();
    const found = said.accounts.filter((account) => !wanted || textOf(account).includes(wanted));
    setText(slot('total'), page.say(wanted ? 'found' : 'count', { n: page.number.format(found.length) }));
    const body = element('tbody');
    body.append(...found.map((account) => this.line(account)));
    const head = element('tr');
    head.append(...COLUMNS.map((key) => Object.assign(element('th', '', page.say(key)), { scope: 'col' })));
    const table = element('table', 'accounts-table');
    table.append(element('thead'), body);
    table.firstChild.append(head);
    slot('accounts').replaceChildren(found.length ? table : stateOf('empty', { title: page.say('none_title'), text: page.say('none_text'), icon: 'users' }));
  }

  line(account) {
    const { page } = this;
    const line = element('tr', account.active ? '' : 'is-off');
    const who = element('td');
    who.append(element('b', '', account.name), element('code', '', account.username));
    if (account.username === this.said.own) who.append(element('em', 'accounts-tag', page.say('yourself')));
    if (!account.active) who.append(element('em', 'accounts-tag is-late', page.say('off')));
    const sees = [account.department?.[1], account.team?.[1], ...account.areas.map(([, name]) => name)].filter(Boolean).join(page.say('comma'));
    line.append(who, element('td', '', account.role_name), element('td', '', sees || page.say('whole')), element('td', 'accounts-seen', account.seen ? this.when.format(new Date(account.seen * 1000)) : page.say('never')), this.acts(account));
    return line;
  }

  acts(account) {
    const cell = element('td', 'accounts-acts');
    const { page } = this;
    const screen = account.role === 'screen';
    cell.append(this.act(account, 'edit', () => this.edit(account)));
    cell.append(screen ? this.act(account, 'link', () => this.ask(account, 'screen')) : this.act(account, 'reset', () => this.ask(account, 'reset')));
    const key = account.active ? 'disable' : 'enable';
    const button = this.act(account, key, () => this.ask(account, 'active', { active: !account.active }));
    if (account.username === this.said.own) Object.assign(button, { disabled: true, title: page.say('own') });
    cell.append(button);
    return cell;
  }

  act(account, key, act) {
    const button = Object.assign(element('button', 'desk-button', this.page.say(key)), { type: 'button' });
    button.setAttribute('aria-label', `${this.page.say(key)} ${account.name}`);
    button.addEventListener('click', act);
    return button;
  }

  /** What ends somebody's sessions is asked for twice. */
  async ask(account, what, body) {
    const { page } = this;
    const sure = body?.active || (await tellOnce(page, { title: page.say(`sure.${what}`, { name: account.name }), text: page.say(`sure_text.${what}`), yes: page.say('yes') }));
    if (!sure) return;
    try {
      const told = await give(page, `/api/accounts/${encodeURIComponent(account.username)}/${what}`, body ?? {});
      await this.load();
      await this.tell(account.name, told);
    } catch (error) {
      if (!(error instanceof Refusal)) return this.failed(error);
      await tellOnce(page, { title: page.say('refused'), text: error.message });
    }
  }

  /** A password or a link, shown this once. */
  async tell(name, { username, password, link }) {
    const { page } = this;
    const secret = password ?? link;
    if (secret) await tellOnce(page, { title: page.say(password ? 'password_of' : 'link_of', { name }), text: page.say(password ? 'password_text' : 'link_text', { username }), secret });
  }

  async edit(account) {
    const told = await new AccountForm(this.page, this.said).open(account);
    if (!told) return;
    await this.load();
    if (told.role === 'screen' && !account) await this.ask({ username: told.username, name: told.name }, 'screen');
    else await this.tell(told.name, told);
  }
}

function textOf(account) {
  return [account.username, account.name, account.role_name, account.department?.[1], account.team?.[1], ...account.areas.map(([, name]) => name)].filter(Boolean).join(' ').toLowerCase();
}
