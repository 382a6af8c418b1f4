/* The audit: a filter that stands in the address, entries newest first, older ones on demand, the same as a file. */

import { readQuery, writeQuery } from './address.mjs';
import { dateField } from './date_field.mjs';
import { get } from './office.mjs';
import { element, setText, slot } from './page.mjs';
import { Sheet } from './sheet_page.mjs';
import { stateOf } from './states.mjs';

const KEYS = ['actor', 'action', 'object', 'from', 'to'];

export async function start(config) {
  const audit = new Audit(config);
  await audit.load();
}

class Audit extends Sheet {
  /* The part of the page's address that the server is asked with. */
  get query() {
    const query = readQuery();
    return new URLSearchParams(KEYS.filter((key) => query.get(key)).map((key) => [key, query.get(key)]));
  }

  address() {
    return `/api/audit?${this.query}`;
  }

  draw({ entries, actions, more }) {
    this.actions ??= actions;
    this.when = new Intl.DateTimeFormat(this.page.language === 'zh' ? 'zh-CN' : 'en-GB', { timeZone: this.said.timezone, dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
    if (!slot('filter').firstChild) slot('filter').append(this.filter());
    slot('export').href = `/api/audit/file.csv?${this.query}`;
    slot('entries').replaceChildren();
    this.count = 0;
    this.body = null;
    if (!entries.length) slot('entries').append(stateOf('empty', { title: this.page.say('none_title'), text: this.page.say('none_text'), icon: 'history' }));
    else this.add(entries, more);
  }

  filter() {
    const { page } = this;
    const form = element('form', 'audit-filter');
    const query = readQuery();
    for (const key of KEYS) {
      const label = element('label', 'audit-field', page.say(key));
      label.append(this.field(key, query.get(key) ?? ''));
      form.append(label);
    }
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('change', () => {
      if (!form.checkValidity()) return;
      writeQuery(Object.fromEntries(new FormData(form)));
      this.load();
    });
    return form;
  }

  field(key, value) {
    if (key === 'from' || key === 'to') return dateField(this.page, { name: key, value, label: this.page.say(key) }).node;
    const made = key === 'action' ? this.choice(value) : Object.assign(element('input'), { value, type: 'search', maxLength: 80, autocomplete: 'off', spellcheck: false });
    made.name = key;
    return made;
  }

  /* Every kind of deed, and families of them: `case` is every `case.…`. */
  choice(chosen) {
    const families = this.actions.filter((action) => action.includes('.')).map((action) => action.split('.')[0]);
    const values = ['', ...[...new Set([...families, ...this.actions])].sort()];
    const made = document.createElement('select');
    made.append(...values.map((value) => Object.assign(document.createElement('option'), { value, textContent: value ? this.named(value) : this.page.say('any'), selected: value === (chosen ?? '') })));
    return made;
  }

  wordsOf(action) {
    return this.page.words[`does.${action}`] ?? (this.said.names[action] && this.page.pick(this.said.names[action]));
  }

  named(action) {
    const words = this.wordsOf(action);
    return words ? `${words} (${action})` : action;
  }

  add(entries, more) {
    const { page } = this;
    this.body ??= this.table();
    this.body.append(...entries.map((entry) => this.line(entry)));
    this.count += entries.length;
    setText(slot('total'), page.say(more ? 'count_more' : 'count', { n: page.number.format(this.count) }));
    slot('entries').querySelector('.audit-more')?.remove();
    if (!more) return;
    const button = Object.assign(element('button', 'button audit-more', page.say('older')), { type: 'button' });
    button.addEventListener('click', () => this.older(entries.at(-1).id));
    slot('entries').append(button);
  }

  async older(before) {
    try {
      const said = await get(this.page, `${this.address()}&before=${before}`);
      this.add(said.entries, said.more);
    } catch (error) {
      this.failed(error);
    }
  }

  table() {
    const table = element('table', 'audit-table');
    const head = element('tr');
    head.append(...['at', 'actor', 'action', 'object', 'address', 'detail'].map((key) => Object.assign(element('th', '', this.page.say(key)), { scope: 'col' })));
    const body = document.createElement('tbody');
    table.append(element('thead'), body);
    table.firstChild.append(head);
    slot('entries').append(table);
    return body;
  }

  line({ at, actor, action, object, address, detail }) {
    const line = element('tr');
    const when = Object.assign(element('time', '', this.when.format(new Date(at * 1000))), { dateTime: new Date(at * 1000).toISOString() });
    const detailed = Object.entries(detail).map(([key, value]) => [this.called(`detail.${key}`, key), this.called(`detail.${key}.${value}`, value)].join(': ')).join(', ');
    line.append(...[when, this.called(`who.${actor}`, actor), this.wordsOf(action) ?? action, this.linked(object), address, detailed].map((content) => {
      const cell = element('td');
      cell.append(content);
      return cell;
    }));
    if (action.endsWith('failed')) line.className = 'is-failed';
    return line;
  }

  /** What a written name is called here; the name itself where it has no other. */
  called(message, name) {
    return this.page.words[message] ?? name;
  }

  linked(object) {
    const [kind, ...id] = object.split(':');
    const text = id.length ? [this.called(`kind.${kind}`, kind), id.join(':')].join(' ') : object;
    return kind === 'case' ? Object.assign(element('a', '', text), { href: `/desk?case=${id}` }) : text;
  }
}
