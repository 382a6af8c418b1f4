/* Surges on the wall: a ring where similar reports suddenly gather, and a line that offers them as one incident. It stands as long as the
   surge does, and nothing of it moves. */

import { h, icon } from './forms_dom.mjs';
import { slot } from './page.mjs';
import { watchSurges } from './surges.mjs';
import { writeWhere } from './where.mjs';

const EARTH_M = 40_075_017, TILE_PX = 512;
const RADIUS_PX = [18, 60];
const RANK = 2;
const CLOSE_ZOOM = 15.5;
const SHOWN = 3;

export class WallSurges {
  /** @param {{ page: object, cases: object, map: object, padding: () => object, screen: boolean }} wanted */
  constructor({ page, cases, map, padding, screen }) {
    Object.assign(this, { page, cases, map, padding, screen, surges: [] });
    cases.sheet.show((zoom, palette) => this.rings(zoom, palette));
    watchSurges(page, (surges) => this.take(surges));
  }

  take(surges) {
    this.surges = surges;
    const host = slot('surges');
    host.hidden = !surges.length;
    host.replaceChildren(...surges.slice(0, SHOWN).map((one) => this.line(one)), ...(surges.length > SHOWN ? [h('p', { class: 'alarm-more', text: this.page.say('surge.more', { n: surges.length - SHOWN }) })] : []));
    this.cases.sheet.soon();
  }

  line(one) {
    const { page } = this, [lng, lat] = one.at;
    const minutes = Math.max(1, Math.round((one.last - one.since) / 60));
    return h('article', { class: 'wall-surge' }, icon('siren'),
      h('button', { type: 'button', class: 'alarm-what', onclick: () => this.map.easeTo({ center: one.at, zoom: Math.max(this.map.getZoom(), CLOSE_ZOOM), padding: this.padding(), duration: 800 }) },
        h('b', { text: page.say('surge.line', { matter: one.matter, n: one.cases.length }) }),
        h('span', { class: 'alarm-where', text: page.say('surge.text', { minutes, metres: page.number.format(one.radius_m), expected: one.expected }) })),
      this.screen ? null : h('a', { class: 'alarm-acknowledge', href: `/desk?${writeWhere(one.where)}#16/${lat}/${lng}`, text: page.say('surge.open') }));
  }

  /* As wide as the surge, but to be seen from afar and no sheet over a street. */
  * rings(zoom, { overdue }) {
    if (this.cases.isPast()) return;
    for (const { at, radius_m: metres } of this.surges) {
      const pixels = (metres / EARTH_M / Math.cos((at[1] * Math.PI) / 180)) * TILE_PX * 2 ** zoom;
      const radius = Math.min(RADIUS_PX[1], Math.max(RADIUS_PX[0], pixels));
      yield { at, rank: RANK, discs: [{ radius, colour: overdue, opacity: 0.15, edge: overdue, width: 2.5, edgeOpacity: 0.95 }, { radius: radius - 5, opacity: 0, edge: overdue, width: 1, edgeOpacity: 0.5 }] };
    }
  }
}
