/* One indicator: its rate, how sure it is, what it was before, how it ran; pressing it ranks the league by it. */

import { h } from './forms_dom.mjs';
import { svg } from './svg.mjs';

const [WIDTH, HEIGHT] = [132, 30];

export const shareOf = ([above, below]) => (below ? above / below : null);
export const percent = (share, digits = 2) => (share === null ? '—' : `${(share * 100).toFixed(digits)}%`);

/** @param {object} sheet the page; `at`: the place of the definition in the rows of cells. @returns {HTMLElement} */
export function card(sheet, said, definition, at) {
  const { page } = sheet;
  const cells = said.run.map((one) => one.cells[at]);
  const [now, before] = [cells.at(-1), cells.at(-2)];
  const [above, below, low, high] = now;
  const chosen = definition.code === sheet.rankBy;
  const rank = h('button', { type: 'button', class: 'indicators-card-name', 'aria-pressed': String(chosen), title: definition.note, onclick: () => sheet.set({ rankBy: definition.code }), text: definition.name });
  return h('article', { class: `indicators-card${chosen ? ' is-chosen' : ''}`, 'data-code': definition.code },
    rank,
    h('b', { class: 'indicators-figure', text: percent(shareOf(now)) }),
    run(cells.map(shareOf), page.say('trend', { n: cells.length })),
    h('p', { class: 'indicators-moved' }, moved(page, now, before, definition.better)),
    h('p', { class: 'indicators-counts' },
      h('a', { href: sheet.cases(definition, definition.numerator), title: page.say('open', { n: page.number.format(above) }), text: page.number.format(above) }), ' / ',
      h('a', { href: sheet.cases(definition, definition.denominator), title: page.say('open', { n: page.number.format(below) }), text: page.number.format(below) }),
      h('span', { text: below ? page.say('interval', { low: (low * 100).toFixed(1), high: (high * 100).toFixed(1) }) : '' })));
}

/** How a rate moved: better, worse, or so little that it may be chance. */
function moved(page, now, before, better) {
  if (!before?.[1] || !now[1]) return h('span', { text: page.say('before_none') });
  const points = (shareOf(now) - shareOf(before)) * 100;
  if (Math.abs(points) < 0.005) return h('span', { text: page.say('same') });
  const chance = now[2] <= before[3] && before[2] <= now[3];
  const tone = chance || !better ? '' : points * better > 0 ? 'is-well' : 'is-worse';
  const sign = points > 0 ? '▲' : '▼';
  return [h('span', { class: tone, text: `${sign} ${page.say('points', { points: Math.abs(points).toFixed(2) })}` }), chance ? h('em', { text: page.say('chance') }) : null];
}

/** The run as a line on a scale of its own; gaps where nothing was below the line. */
function run(all, label) {
  const shares = all.slice(Math.max(0, all.findIndex((share) => share !== null)));
  const known = shares.filter((share) => share !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (at) => 3 + (at / Math.max(1, shares.length - 1)) * (WIDTH - 6);
  const y = (share) => HEIGHT - 4 - ((share - low) / (high - low || 1)) * (HEIGHT - 8);
  const parts = [];
  let pen = false;
  shares.forEach((share, at) => {
    if (share !== null) parts.push(`${pen ? 'L' : 'M'}${x(at).toFixed(1)} ${y(share).toFixed(1)}`);
    pen = share !== null;
  });
  const last = shares.findLastIndex((share) => share !== null);
  const made = svg('svg', { class: 'indicators-run', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${label}: ${shares.map((share) => percent(share, 1)).join(', ')}` });
  if (parts.length) made.append(svg('path', { d: parts.join('') }));
  if (last >= 0) made.append(svg('circle', { cx: x(last).toFixed(1), cy: y(shares[last]).toFixed(1), r: 2.6 }));
  return made;
}
