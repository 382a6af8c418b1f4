/* A department's work: lists by urgency, its whistles, its system; letters on the chosen case. */

import { readQuery, withQuery, writeQuery } from './address.mjs';
import { Actions } from './desk_actions.mjs';
import { register } from './keys.mjs';
import { get } from './office.mjs';
import { element, setText, slot } from './page.mjs';
import { Sheet, mark, step } from './sheet_page.mjs';
import { stateOf } from './states.mjs';
import { systemLine } from './system_line.mjs';
import { whistleCard } from './whistle_card.mjs';

const ROWS = '.work-row, .whistle';

export async function start(config) {
  const work = new Department(config);
  await work.open();
}

class Department extends Sheet {
  address() {
    return `/api/department/${encodeURIComponent(this.code)}?lang=${this.page.language}`;
  }

  async open() {
    const { page } = this;
    try {
      const { departments } = await get(page, `/api/department?lang=${page.language}`);
      this.alone = departments.length === 1;
      if (!departments.length) {
        document.body.dataset.ready = 'true';
        return slot('state').replaceChildren(stateOf('empty', { title: page.say('none_title'), text: page.say('none_text') }));
      }
      const asked = readQuery().get('department');
      const busiest = [...departments].sort((a, b) => b[2] - a[2])[0];
      this.code = departments.some(([code]) => code === asked) ? asked : busiest[0];
      this.drawChooser(departments);
    } catch (error) {
      return this.failed(error, () => this.open());
    }
    await this.load();
    this.begin();
    return undefined;
  }

  begin() {
    const { page } = this;
    for (const name of ['lists', 'whistles']) {
      slot(name).addEventListener('click', (event) => this.choose(event.target.closest(ROWS)));
      slot(name).addEventListener('dblclick', () => this.openCase());
    }
    register('j', page.say('key.next'), () => this.choose(step(ROWS, 1)));
    register('k', page.say('key.previous'), () => this.choose(step(ROWS, -1)));
    register('ArrowDown', '', () => this.choose(step(ROWS, 1)));
    register('ArrowUp', '', () => this.choose(step(ROWS, -1)));
    register('Enter', page.say('key.open'), (event) => (event.target.closest('button, a, input, select') ? false : this.openCase()));
    this.actions = new Actions(page, this.config.letters, () => this.load());
    this.follow();
  }

  /* One department alone needs no choosing. */
  drawChooser(departments) {
    const { page } = this;
    if (departments.length === 1) return slot('chooser').replaceChildren(element('b', '', departments[0][1]));
    const select = document.createElement('select');
    select.setAttribute('aria-label', page.say('choose'));
    select.append(...departments.map(([value, name, n]) => Object.assign(document.createElement('option'), { value, textContent: page.say('option', { name, n: page.number.format(n) }) })));
    select.value = this.code;
    select.addEventListener('change', () => {
      this.code = select.value;
      writeQuery({ department: this.code });
      select.blur();
      this.load();
    });
    return slot('chooser').replaceChildren(select);
  }

  draw({ lists, whistles, systems }) {
    const { page } = this;
    const all = lists.reduce((sum, { total }) => sum + total, 0);
    setText(slot('total'), page.say('open', { n: page.number.format(all) }));
    this.states = Object.fromEntries(lists.map(({ key, states }) => [key, states]));
    slot('lists').replaceChildren(...lists.filter(({ key, total }) => total || key === 'sign' || key === 'handle').map((list) => this.list(list)));
    slot('whistles').replaceChildren(...(whistles.length ? [element('h2', '', page.say('whistles'))] : []), ...whistles.map((whistle) => whistleCard(page, whistle)));
    slot('systems').replaceChildren(element('h2', '', page.say('system')), ...(systems.length ? systems.map((system) => systemLine(page, system)) : [element('p', 'board-none', page.say('no_system'))]));
    const chosen = document.querySelector(`:is(${ROWS})[data-case="${this.chosen}"]`);
    if (chosen) mark(ROWS, chosen);
  }

  list({ key, total, overdue, rows }) {
    const { page } = this;
    const part = element('section', 'work-list');
    const head = element('h2', '', page.say(`list.${key}`));
    head.append(this.count(key, total), ...(overdue ? [element('em', '', page.say('overdue', { n: overdue }))] : []));
    const list = element('div', 'work-rows');
    list.append(...rows.map((row) => this.row(row)));
    if (!rows.length) list.append(element('p', 'board-none', page.say('list_none')));
    if (total > rows.length) list.append(element('p', 'board-none', page.say('more', { n: page.number.format(total - rows.length) })));
    part.append(head, list);
    return part;
  }

  /* How many, as the way to all of them on the desk; whoever sees several departments has no filter there for whom one helps. */
  count(key, total) {
    const { page, states, alone } = this;
    if (!total || (key === 'joint' && !alone)) return element('b', '', page.number.format(total));
    const link = element('a', '', page.number.format(total));
    link.href = withQuery({ department: alone ? null : this.code, state: states[key].join(), open: 1, sort: 'queue' }).replace(location.pathname, '/desk');
    link.title = page.say('on_desk');
    return link;
  }

  row(row) {
    const { page } = this;
    const left = page.left(row);
    const made = element('article', 'work-row');
    made.dataset.case = row.id;
    made.append(element('span', `mark mark-${row.urgent ? 'urgent' : left?.overdue ? 'overdue' : 'work'}`), element('b', '', row.title), ...(row.helps ? [element('em', 'helps', page.say('helps'))] : []), element('span', 'work-team', row.team ?? ''), element('span', 'work-state', row.state), element('span', `work-left${left?.overdue ? ' is-overdue' : left?.pressing ? ' is-pressing' : ''}`, left?.text ?? ''));
    return made;
  }

  choose(row) {
    if (!row) return;
    this.chosen = Number(row.dataset.case);
    mark(ROWS, row);
    this.actions.choose([this.chosen]);
  }

  openCase() {
    if (!this.chosen) return false;
    location.assign(withQuery({ case: this.chosen, department: null }).replace(location.pathname, '/desk'));
    return true;
  }
}
