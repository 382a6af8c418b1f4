/* A case that has just come in makes itself seen for a moment: a few marks, used over and over. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { element } from './page.mjs';

const AT_ONCE = 12;
const SHOWN_MS = 4_200;

export class Pings {
  constructor(map) {
    this.map = map;
    this.free = Array.from({ length: AT_ONCE }, () => new maplibre.Marker({ element: element('div', 'ping') }));
  }

  show(row) {
    const mark = document.querySelector('.wall[data-calm]') ? null : this.free.pop();
    if (!mark) return;
    mark.getElement().classList.toggle('ping-urgent', Boolean(row.urgent));
    mark.setLngLat(row.at).addTo(this.map);
    setTimeout(() => {
      mark.remove();
      this.free.push(mark);
    }, SHOWN_MS);
  }
}
