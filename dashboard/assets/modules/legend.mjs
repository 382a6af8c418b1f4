/* The legend says exactly what the map shows: by the layers that are on and the zoom that is reached. */

import { HANDOVER } from './case_scale.mjs';
import { hexStops } from './hex_style.mjs';
import { element, slot } from './page.mjs';
import { svg } from './svg.mjs';
import { shownTheme } from './theme.mjs';

const MARKS = ['new', 'work', 'check', 'done', 'urgent', 'overdue', 'pressing', 'age'];

export class Legend {
  constructor(map, page, layers) {
    Object.assign(this, { map, page, layers });
    map.on('zoomend', () => this.draw());
    this.draw();
  }

  draw(anew = false) {
    const far = this.map.getZoom() < (HANDOVER[0] + HANDOVER[1]) / 2;
    const kinds = [
      this.layers.isShown('cases') && (far ? 'cells' : 'marks'), this.layers.isShown('heat') && 'heat', this.layers.isShown('teams') && this.map.getZoom() >= 10 && 'teams',
    ].filter(Boolean);
    if (this.kinds === kinds.join() && !anew) return;
    this.kinds = kinds.join();
    slot('legend').replaceChildren(...kinds.flatMap((kind) => this[kind]()));
  }

  cells() {
    const late = element('div', 'legend-item');
    late.append(element('dt', 'mark mark-late'), element('dd', '', this.page.say('legend.cell_late')));
    return [this.scale('legend.cell'), late];
  }

  heat() {
    return [this.scale('legend.heat', false)];
  }

  marks() {
    return MARKS.map((mark) => this.item(mark));
  }

  teams() {
    return ['team', 'team-busy', 'team-off'].map((mark) => this.item(mark));
  }

  item(mark) {
    const item = element('div', 'legend-item');
    item.append(element('dt', `mark mark-${mark}`), element('dd', '', this.page.say(`legend.${mark}`)));
    return item;
  }

  scale(key, numbers = true) {
    const item = element('div', 'legend-scale');
    const stops = hexStops(shownTheme());
    const wide = 100 / stops.length;
    const steps = stops.map(([, colour], index) => svg('rect', { x: `${index * wide}%`, width: `${wide}%`, height: 8, fill: colour }));
    const scale = element('dt');
    scale.append(svg('svg', { class: 'legend-ramp', 'aria-hidden': 'true' }, ...steps));
    const labels = element('div', 'legend-numbers');
    labels.append(...stops.map(([n]) => element('span', '', numbers ? this.page.number.format(n) : '')));
    if (numbers) scale.append(labels);
    item.append(scale, element('dd', '', this.page.say(key)));
    return item;
  }
}
