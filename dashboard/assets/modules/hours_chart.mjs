/* Reports of the last 24 hours, one stacked bar an hour, coloured by channel. */

import { element } from './page.mjs';
import { ChartTip, hiddenTable, niceScale, put, svg, walkable } from './svg.mjs';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [344, 164, 30, 18, 8];
const HOURS = 24;
const HOUR_S = 3600;
const SHOWN_CHANNELS = 5;

/** The largest channels first, the rest as one (`null`). `counts`: channel code → 24 numbers. */
export function byChannel(counts) {
  const ordered = Object.entries(counts).sort((a, b) => sum(b[1]) - sum(a[1]) || (a[0] < b[0] ? -1 : 1));
  const shown = ordered.slice(0, SHOWN_CHANNELS);
  const rest = ordered.slice(SHOWN_CHANNELS);
  if (rest.length) shown.push([null, rest.reduce((total, [, values]) => total.map((value, i) => value + values[i]), new Array(HOURS).fill(0))]);
  return shown;
}

export class HoursChart {
  constructor(host, page, nameOf) {
    Object.assign(this, { host, page, nameOf });
  }

  /** `hours`: the first hour in Unix seconds, and 24 counts by channel code. */
  update({ start, counts }) {
    this.first = start;
    this.channels = byChannel(counts);
    const shape = this.channels.map(([code]) => code).join();
    if (this.shape !== shape || !this.svg) this.build(shape);
    this.draw();
  }

  build(shape) {
    this.shape = shape;
    this.svg = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'chart-svg', role: 'group', 'aria-label': this.page.say('charts.hours') });
    this.grid = svg('g', { class: 'chart-grid', 'aria-hidden': 'true' });
    const wide = (WIDTH - LEFT) / HOURS;
    this.columns = Array.from({ length: HOURS }, (_, hour) => {
      const x = LEFT + hour * wide;
      const bars = this.channels.map((_code, index) => svg('rect', { class: `channel-${index}`, x: x + wide * 0.16, width: wide * 0.68 }));
      const node = svg('g', { class: 'chart-column', role: 'img' }, svg('rect', { class: 'chart-reach', x, y: 0, width: wide, height: HEIGHT - BOTTOM }), ...bars);
      return { node, bars, label: svg('text', { class: 'chart-tick', x: x + wide / 2, y: HEIGHT - 4, 'text-anchor': 'middle' }) };
    });
    this.svg.append(this.grid, ...this.columns.map((column) => column.node), ...this.columns.map((column) => column.label));
    this.legend = element('div', 'chart-legend');
    this.legend.append(...this.channels.map(([code], index) => {
      const item = element('span', '', this.name(code));
      item.prepend(element('i', `channel-${index}`));
      return item;
    }));
    this.table = element('div');
    this.host.replaceChildren(this.svg, this.legend, this.table);
    this.tip = new ChartTip(this.host);
    walkable(this.svg, this.columns.map((column) => column.node), (hour) => this.tell(hour), () => this.tip.hide());
  }

  draw() {
    const totals = Array.from({ length: HOURS }, (_, hour) => sum(this.channels.map(([, values]) => values[hour])));
    const { top, step } = niceScale(Math.max(...totals));
    const high = (value) => (value / top) * (HEIGHT - BOTTOM - TOP);
    this.columns.forEach(({ node, bars, label }, hour) => {
      let y = HEIGHT - BOTTOM;
      bars.forEach((bar, index) => {
        const height = high(this.channels[index][1][hour]);
        y -= height;
        put(bar, { y: y.toFixed(2), height: Math.max(0, height - (height > 2 ? 0.5 : 0)).toFixed(2) });
      });
      put(node, { 'aria-label': this.sentence(hour, totals[hour]) });
      label.textContent = (HOURS - 1 - hour) % 4 === 0 ? this.clock(hour).slice(0, 2) : '';
    });
    const lines = Array.from({ length: Math.round(top / step) }, (_, i) => (i + 1) * step);
    this.grid.replaceChildren(...[0, ...lines].flatMap((value) => {
      const y = (HEIGHT - BOTTOM - high(value)).toFixed(1);
      return [svg('line', { x1: LEFT, x2: WIDTH, y1: y, y2: y }), svg('text', { class: 'chart-tick', x: LEFT - 6, y: Number(y) + 3.5, 'text-anchor': 'end' }, this.page.number.format(value))];
    }));
    const names = this.channels.map(([code]) => this.name(code));
    this.table.replaceChildren(hiddenTable(this.page.say('charts.hours'), ['', ...names], totals.map((_, hour) => [this.clock(hour), ...this.channels.map(([, values]) => values[hour])])));
  }

  tell(hour) {
    const lines = this.channels.map(([code, values], index) => [`channel-${index}`, this.name(code), this.page.number.format(values[hour])]).filter((_, index) => this.channels[index][1][hour]);
    this.tip.show(`${this.clock(hour)} · ${this.page.say('charts.reports', { n: this.page.number.format(sum(this.channels.map(([, values]) => values[hour]))) })}`, lines, this.columns[hour].node);
  }

  sentence(hour, total) {
    return `${this.clock(hour)}: ${this.page.say('charts.reports', { n: total })}`;
  }

  clock(hour) {
    return this.page.clock.format(new Date((this.first + hour * HOUR_S) * 1000));
  }

  name(code) {
    return code === null ? this.page.say('charts.other') : this.nameOf(code);
  }
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
