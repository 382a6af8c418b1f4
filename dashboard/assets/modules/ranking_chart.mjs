/* Open cases by area, the fullest first, the overdue part set off; a bar is a way into that area. */

import { element } from './page.mjs';
import { hiddenTable, put, svg } from './svg.mjs';

const [WIDTH, ROW, NAME, NUMBER] = [344, 24, 112, 74];

export class RankingChart {
  constructor(host, page, nameOf, onChoose) {
    Object.assign(this, { host, page, nameOf, onChoose, rows: [] });
    this.svg = svg('svg', { class: 'chart-svg ranking', role: 'group', 'aria-label': page.say('charts.ranking') });
    this.table = element('div');
    host.replaceChildren(this.svg, this.table);
    this.svg.addEventListener('click', (event) => this.choose(event));
    this.svg.addEventListener('keydown', (event) => (event.key === 'Enter' || event.key === ' ') && this.choose(event));
  }

  /** `ranking`: [[area code, open cases, overdue of them], …], the fullest first; `chosen`: the codes that are filtered for. */
  update(ranking, chosen) {
    this.codes = ranking.map(([code]) => code);
    while (this.rows.length < ranking.length) this.rows.push(this.made(this.rows.length));
    for (const row of this.rows.splice(ranking.length)) row.node.remove();
    put(this.svg, { viewBox: `0 0 ${WIDTH} ${Math.max(1, ranking.length) * ROW + 2}` });
    const most = Math.max(1, ...ranking.map(([, open]) => open));
    ranking.forEach(([code, open, overdue], index) => this.write(this.rows[index], { code, open, overdue, most, chosen: chosen.has(code) }));
    const head = ['', this.page.say('charts.open'), this.page.say('charts.overdue')];
    this.table.replaceChildren(hiddenTable(this.page.say('charts.ranking'), head, ranking.map(([code, open, overdue]) => [this.nameOf(code), open, overdue])));
  }

  made(index) {
    const y = index * ROW;
    const row = {
      name: svg('text', { class: 'ranking-name', x: NAME - 8, y: y + 16.5, 'text-anchor': 'end' }),
      late: svg('rect', { class: 'ranking-late', x: NAME, y: y + 7, height: 10 }),
      rest: svg('rect', { class: 'ranking-rest', y: y + 7, height: 10 }),
      number: svg('text', { class: 'ranking-number', y: y + 16.5 }),
    };
    row.node = svg('g', { class: 'ranking-row', tabindex: 0, role: 'button', 'data-row': index },
      svg('rect', { class: 'chart-reach', x: 0, y, width: WIDTH, height: ROW, rx: 4 }), row.name, row.late, row.rest, row.number);
    this.svg.append(row.node);
    return row;
  }

  write(row, { code, open, overdue, most, chosen }) {
    const scale = (WIDTH - NAME - NUMBER) / most;
    const late = overdue * scale;
    put(row.late, { width: late.toFixed(1) });
    put(row.rest, { x: (NAME + late + (overdue ? 1 : 0)).toFixed(1), width: Math.max(0, (open - overdue) * scale - (overdue ? 1 : 0)).toFixed(1) });
    put(row.number, { x: (NAME + open * scale + 7).toFixed(1) });
    const name = this.nameOf(code);
    const short = name.length > 14 ? `${name.slice(0, 13)}…` : name;
    if (row.name.textContent !== short) row.name.textContent = short;
    const { number } = this.page;
    row.number.replaceChildren(number.format(open), ...(overdue ? [svg('tspan', { class: 'ranking-number-late', dx: 5 }, number.format(overdue))] : []));
    put(row.node, { 'aria-pressed': chosen, 'aria-label': this.page.say('charts.row', { name, open, overdue }) });
  }

  choose(event) {
    const row = event.target.closest('[data-row]');
    if (!row) return;
    event.preventDefault();
    this.onChoose(this.codes[Number(row.dataset.row)]);
  }
}
