/* The table's columns: which there are, how a value is shown, which are chosen; and the menu that chooses them. */

import { readQuery } from './address.mjs';
import { unit } from './desk_grid.mjs';
import { element, slot } from './page.mjs';

const WIDTHS = {
  number: 158, title: 250, state: 132, left: 118, matter: 150, channel: 96, department: 150, team: 168, address: 260, cell: 140, urgent: 70,
  reported: 118, dispatched: 118, due: 118, answered: 118, closed: 118, updated: 118, returns: 80, reworks: 80,
};
const TIMES = new Set(['reported', 'dispatched', 'due', 'answered', 'closed', 'updated']);
const KEYS = ['number', 'title', 'state', 'left', 'urgent', 'matter', 'channel', 'department', 'team', 'areas', 'address', 'cell', 'reported', 'dispatched', 'due', 'answered', 'closed', 'updated', 'returns', 'reworks'];
const SHOWN = ['number', 'title', 'state', 'left', 'matter', 'channel', 'place', 'department', 'team', 'reported', 'due'];

export class Columns {
  constructor(desk, snapshot) {
    this.desk = desk;
    this.tones = Object.fromEntries(Object.entries(snapshot.states).map(([code, { tone }]) => [code, tone]));
    this.titles = Object.fromEntries(desk.layers.map((layer) => [`area:${layer.name}`, desk.page.pick(layer.title)]));
    this.all = KEYS.flatMap((key) => (key === 'areas' ? Object.keys(this.titles) : [key]));
    this.usual = SHOWN.map((key) => (key === 'place' ? `area:${snapshot.place_layer}` : key)).filter((key) => this.all.includes(key));
    const asked = (readQuery().get('cols') ?? '').split(',').filter((key) => this.all.includes(key));
    this.shown = asked.length ? asked : this.usual;
  }

  heading(key) {
    return this.titles[key] ?? this.desk.page.say(`column.${key}`);
  }

  written() {
    return this.shown.join() === this.usual.join() ? null : this.shown.join();
  }

  /** Definitions for the grid, in the order chosen. */
  definitions() {
    const { column, descending } = sortOf(this.desk.sort);
    return this.shown.map((key) => ({
      colId: key, headerName: this.heading(key), sort: key === column ? (descending ? 'desc' : 'asc') : null,
      sortingOrder: TIMES.has(key) ? ['desc', 'asc'] : ['asc', 'desc'], width: (WIDTHS[key] ?? 130) * unit(), minWidth: 60 * unit(), resizable: true, suppressMovable: false,
      pinned: key === 'number' ? 'left' : null, cellClass: `cell-${key.split(':')[0]}`, cellRenderer: CellOf(this, key), tooltipValueGetter: ({ data }) => (data ? this.text(key, data) : ''),
      filter: false, suppressHeaderMenuButton: true,
    }));
  }

  text(key, row) {
    const { page } = this.desk;
    if (key === 'left') return page.left(row)?.text ?? '';
    if (TIMES.has(key)) return row[key] ? page.moment(row[key]) : '';
    if (key === 'urgent') return row.urgent ? page.say('yes') : '';
    return row[key] ?? '';
  }

  take(shown) {
    this.shown = shown;
    this.desk.grid.setColumns();
    this.desk.remember();
  }

  /** The menu: every column with a box to tick. */
  draw() {
    const menu = slot('menu-columns');
    const list = element('div', 'desk-list');
    list.append(...this.all.map((key) => this.choice(key)));
    const usual = element('button', 'desk-link', this.desk.page.say('columns_usual'));
    usual.type = 'button';
    usual.addEventListener('click', () => {
      this.take([...this.usual]);
      this.draw();
    });
    menu.replaceChildren(list, usual);
  }

  choice(key) {
    const label = element('label', 'desk-choice');
    const box = Object.assign(element('input'), { type: 'checkbox', checked: this.shown.includes(key), disabled: key === 'number' });
    box.addEventListener('change', () => this.take(box.checked ? this.all.filter((one) => one === key || this.shown.includes(one)) : this.shown.filter((one) => one !== key)));
    label.append(box, element('span', '', this.heading(key)));
    return label;
  }
}

export function sortOf(written) {
  return { column: written.replace(/^-/, ''), descending: written.startsWith('-') };
}

/* A cell of the grid: text, with the state's mark or the tightness of the deadline. */
function CellOf(columns, key) {
  return class Cell {
    init(params) {
      this.made = element('span', 'cell');
      this.refresh(params);
    }

    getGui() {
      return this.made;
    }

    refresh({ data }) {
      this.made.replaceChildren();
      if (!data) {
        this.made.className = 'cell cell-wait';
        return true;
      }
      this.made.className = `cell${tightness(columns, key, data)}`;
      if (key === 'state') this.made.append(element('span', `mark mark-${columns.tones[data.state_code] ?? 'new'}${data.urgent ? ' is-urgent' : ''}`));
      if (key === 'title' && data.helps) this.made.append(element('em', 'helps', columns.desk.page.say('helps')));
      this.made.append(columns.text(key, data));
      return true;
    }
  };
}

function tightness(columns, key, row) {
  if (key !== 'left') return '';
  const left = columns.desk.page.left(row);
  return left ? (left.overdue ? ' is-overdue' : left.pressing ? ' is-pressing' : '') : '';
}
