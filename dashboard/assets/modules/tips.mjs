/* What is under the pointer: a few words beside it; a click selects the case. */

import { CASE_LAYERS } from './case_style.mjs';
import { element, slot } from './page.mjs';
import { enlargement } from './view.mjs';

const REACH = 5;

export class Tips {
  constructor(map, page, cases, teams, onSelect) {
    Object.assign(this, { map, page, cases, teams });
    map.on('click', (event) => {
      const hit = this.find(event.point, CASE_LAYERS);
      if (hit) onSelect(hit);
    });
    map.on('mousemove', (event) => this.hover(event));
    map.on('mouseout', () => (slot('tip').hidden = true));
  }

  /* The topmost mark that is really there: what has changed lies above the tiles, and what has a newer row is hidden in them. */
  find(point, layers) {
    const fresh = this.cases.markAt(point, REACH);
    if (fresh) return fresh;
    const box = [[point.x - REACH, point.y - REACH], [point.x + REACH, point.y + REACH]];
    return this.map.queryRenderedFeatures(box, { layers }).find((hit) => !hit.state.stale);
  }

  hover(event) {
    const hit = this.find(event.point, [...CASE_LAYERS, 'team', 'hex']);
    this.map.getCanvas().style.cursor = hit && hit.source !== 'teams' && hit.source !== 'hexes' ? 'pointer' : '';
    const tip = slot('tip');
    const lines = hit ? this.lines(hit) : [];
    tip.hidden = lines.length === 0;
    if (tip.hidden) return;
    tip.replaceChildren(...lines.map((line, index) => element(index ? 'span' : 'b', '', line)));
    const right = event.point.x > this.map.getContainer().clientWidth - 320;
    const scale = enlargement();
    tip.style.transform = `translate(${(event.point.x + (right ? -14 : 14)) * scale}px, ${(event.point.y + 14) * scale}px)${right ? ' translateX(-100%)' : ''}`;
  }

  lines(hit) {
    if (hit.source === 'teams') return this.teams.lines(hit.id);
    return hit.source === 'hexes' ? this.cellLines(hit.properties) : this.caseLines(hit);
  }

  cellLines({ n, o = 0, u = 0 }) {
    const { number } = this.page;
    return [this.page.say('tip.cell', { n: number.format(n) }), ...(o ? [this.page.say('tip.cell_overdue', { n: number.format(o) })] : []), ...(u ? [this.page.say('tip.cell_urgent', { n: number.format(u) })] : [])];
  }

  /* At an earlier moment a case is what it had come to by then: its tone is known, its state not. */
  caseLines({ properties: { s, m, d, c, r, ...more } }) {
    const state = this.cases.stateOf(s);
    const { at, tone } = this.cases.standing({ s, d, c, r, ...more });
    const left = tone !== 'done' && this.page.left({ due: d * 60 }, at);
    const stood = tone === state?.tone ? this.page.pick(state?.name) : this.page.say(`legend.${tone}`);
    return [this.page.pick(this.cases.matters[m]) || stood, stood, this.page.moment(r * 60), left?.text].filter(Boolean);
  }
}
