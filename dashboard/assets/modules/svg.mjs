/* Small drawings from values: SVG nodes, a tooltip, and a table of the same numbers for who cannot see them. */

import { element } from './page.mjs';

const SVG = 'http://www.w3.org/2000/svg';

/** An SVG node with attributes and children. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  put(made, attributes);
  made.append(...children);
  return made;
}

/** Set the attributes that differ. */
export function put(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

/** A round number at or above `value`, and the step of its grid lines: 1, 2 or 5 times a power of ten. */
export function niceScale(value, lines = 3) {
  const raw = Math.max(1, value) / lines;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, [1, 2, 5, 10].find((factor) => factor * power >= raw) * power);
  return { step, top: Math.ceil(Math.max(1, value) / step) * step };
}

/** The same numbers as a table that only screen readers meet. */
export function hiddenTable(caption, head, rows) {
  const table = element('table', 'unseen');
  table.append(element('caption', '', caption));
  const line = (tag, cells) => {
    const row = element('tr');
    row.append(...cells.map((cell) => element(tag, '', cell)));
    return row;
  };
  table.append(line('th', head), ...rows.map((cells) => line('td', cells)));
  return table;
}

/** One tooltip for a chart: shown beside what is hovered or has the focus. */
export class ChartTip {
  constructor(host) {
    this.host = host;
    this.box = element('div', 'chart-tip');
    this.box.hidden = true;
    host.append(this.box);
  }

  show(title, lines, anchor) {
    const list = lines.map(([kind, name, value]) => {
      const line = element('span', 'chart-tip-line');
      line.append(element('i', kind), element('span', '', name), element('b', '', value));
      return line;
    });
    this.box.replaceChildren(element('b', '', title), ...list);
    this.box.hidden = false;
    const [host, at] = [this.host.getBoundingClientRect(), anchor.getBoundingClientRect()];
    const middle = (at.left + at.width / 2 - host.left) / host.width;
    this.box.classList.toggle('is-left', middle > 0.5);
    this.box.style.setProperty('--at', `${(middle * 100).toFixed(1)}%`);
  }

  hide() {
    this.box.hidden = true;
  }
}

/** One tab stop for a row of marks; arrows walk it. `marks` are focusable nodes, `onShow(index)` and `onHide()` do the telling. */
export function walkable(host, marks, onShow, onHide) {
  marks.forEach((mark, index) => put(mark, { tabindex: index === marks.length - 1 ? 0 : -1, 'data-index': index }));
  const indexOf = (event) => Number(event.target.closest('[data-index]')?.dataset.index ?? -1);
  const tell = (event) => (indexOf(event) < 0 ? onHide() : onShow(indexOf(event)));
  host.onpointermove = tell;
  host.onpointerleave = onHide;
  host.onfocusin = tell;
  host.onfocusout = onHide;
  host.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const next = by && marks[indexOf(event) + by];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    marks.forEach((mark) => put(mark, { tabindex: mark === next ? 0 : -1 }));
    next.focus();
  };
}
