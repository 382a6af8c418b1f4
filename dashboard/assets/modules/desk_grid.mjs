/* The table: rows come in blocks as they come into view; order, selection and what is shown stay while they change. */

import { get } from './office.mjs';
import { setReached } from './reach.mjs';

const [ROW, HEAD] = [34, 36]; // in units, as components/desk.py says for a screen where a unit is a pixel

/** Pixels that a unit of the design has on this screen; the grid counts in pixels. */
export const unit = () => Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--unit')) || 1;

export class Grid {
  constructor(desk, api) {
    Object.assign(this, { desk, api, turn: 0 });
    for (const [name, height] of [['rowHeight', ROW], ['headerHeight', HEAD]]) api.setGridOption(name, height * unit());
    this.setColumns();
    this.takeRows(api);
    api.addEventListener('sortChanged', () => this.sorted());
    api.addEventListener('rowClicked', ({ data, event }) => data && !event.ctrlKey && !event.shiftKey && desk.select(data.id));
    api.addEventListener('rowDoubleClicked', ({ data }) => data && desk.select(data.id, { open: true, fly: true }));
    api.addEventListener('selectionChanged', () => {
      desk.map.pick(api.getSelectedRows());
      desk.choose();
    });
    api.addEventListener('columnMoved', ({ finished }) => finished && this.moved());
  }

  /* Dash puts a source of its own in place when the grid is ready, before this or after: whichever comes, ours stays. */
  takeRows(api) {
    const set = api.setGridOption;
    const datasource = { getRows: (params) => this.load(params) };
    api.setGridOption = (name, value) => set(name, name === 'datasource' ? datasource : value);
    api.setGridOption('datasource', datasource);
  }

  setColumns() {
    this.quiet = true;
    this.api.setGridOption('columnDefs', this.desk.columns.definitions());
    this.quiet = false;
  }

  async load({ startRow, endRow, successCallback, failCallback }) {
    const turn = this.turn;
    try {
      const answer = await fetch(`/api/desk/rows?${this.desk.query({ start: Math.max(0, startRow), end: Math.max(0, endRow) })}`);
      const said = await answer.json();
      if (turn !== this.turn) return failCallback();
      if (answer.status === 503) return this.later(said, failCallback);
      if (!answer.ok) throw new Error(said[this.desk.page.language] ?? String(answer.status));
      successCallback(said.rows, said.total);
      if (startRow === 0) this.desk.map.setBounds(said.bounds);
      this.desk.showTotal(said.total);
      return this.restore();
    } catch (error) {
      failCallback();
      if (error instanceof TypeError) setReached(false);
      return this.desk.fail(error);
    }
  }

  /* The server is still reading the cases. */
  later(said, failCallback) {
    failCallback();
    const [, percent] = /(\d+)%/.exec(said.en) ?? []; // what the sentence says, drawn too
    this.desk.showState('loading', { title: this.desk.page.say('loading'), text: said[this.desk.page.language], ...(percent && { share: percent / 100 }) });
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.reload(), 1_500);
  }

  reload() {
    this.turn += 1;
    this.api.purgeInfiniteCache();
    if (this.api.getDisplayedRowCount()) this.api.ensureIndexVisible(0, 'top');
  }

  refresh() {
    this.api.refreshInfiniteCache();
  }

  /** Read these cases anew, in their places: nothing moves. @returns {Promise<Set<number>>} those that are shown */
  async patch(ids) {
    const shown = new Map();
    this.api.forEachNode((node) => node.data && ids.includes(node.data.id) && shown.set(node.data.id, node));
    if (!shown.size) return new Set();
    const query = new URLSearchParams([...[...shown.keys()].map((id) => ['case', id]), ['lang', this.desk.page.language]]);
    const { rows } = await get(this.desk.page, `/api/desk/rows/of?${query}`);
    for (const row of rows) shown.get(row.id).setData(row);
    return new Set(shown.keys());
  }

  sorted() {
    if (this.quiet) return;
    const sorted = this.api.getColumnState().find(({ sort }) => sort);
    const written = sorted ? `${sorted.sort === 'desc' ? '-' : ''}${sorted.colId}` : 'queue';
    if (written === this.desk.sort) return;
    this.turn += 1;
    this.desk.setSort(written);
  }

  moved() {
    const order = this.api.getAllDisplayedColumns().map((column) => column.getColId()).filter((key) => this.desk.columns.all.includes(key));
    this.desk.columns.shown = order;
    this.desk.remember();
  }

  /* --- the current row --- */

  rowOf(id) {
    let found = null;
    this.api.forEachNode((node) => {
      if (node.data?.id === id) found = node;
    });
    return found;
  }

  /** To the next row or the one before; `more`: the rows so far stay chosen. */
  step(by, more = false) {
    const now = this.rowOf(this.desk.selected);
    const at = Math.min(Math.max((now ? now.rowIndex : -1) + by, 0), this.api.getDisplayedRowCount() - 1);
    this.api.ensureIndexVisible(at);
    const node = this.api.getDisplayedRowAtIndex(at);
    if (!node?.data) return;
    if (!more) this.api.deselectAll();
    node.setSelected(true);
    this.desk.select(node.data.id);
  }

  /** Tick the current row, or take the tick away. */
  pick() {
    const node = this.rowOf(this.desk.selected);
    node?.setSelected(!node.isSelected());
  }

  mark(node) {
    this.api.deselectAll();
    node.setSelected(true);
  }

  /** Bring a case's row into view, wherever it stands in the order. */
  async reveal(id) {
    const here = this.rowOf(id);
    const place = here ? here.rowIndex : (await this.ask(id))?.place;
    if (place === null || place === undefined) return;
    this.wanted = { id, place };
    this.restore();
  }

  /* Where a case stands; nothing while no server is reached. */
  async ask(id) {
    const answer = await fetch(`/api/desk/place/${id}?${this.desk.query()}`).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }

  /* The wanted row, once its block is here; scrolled to as soon as the table is long enough. */
  restore() {
    if (!this.wanted) return;
    const { id, place, seen } = this.wanted;
    if (!seen && this.api.getDisplayedRowCount() > place) {
      this.wanted.seen = true;
      this.api.ensureIndexVisible(place, 'middle');
    }
    const node = this.rowOf(id);
    if (!node) return;
    this.wanted = null;
    this.mark(node);
    this.desk.map.mark(id);
  }
}
