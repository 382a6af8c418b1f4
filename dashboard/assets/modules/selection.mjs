/* The selected case: its drawer, its mark, its candidates. It stays selected whatever arrives. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { element, slot } from './page.mjs';
import { padding } from './view.mjs';

const CLOSE_ZOOM = 15;

export class Selection {
  constructor(map, wall, onChange) {
    Object.assign(this, { map, wall, onChange, id: null, stamp: 0 });
    this.mark = new maplibre.Marker({ element: element('div', 'selection') });
    slot('drawer').addEventListener('click', (event) => event.target.closest('[data-close]') && this.clear());
  }

  /** Select a case; `at`: where it is, if known; `fly`: bring it into view. */
  select(id, { at = null, fly = false } = {}) {
    Object.assign(this, { id, fly, at: at ?? this.known(id) });
    this.wall.feed.mark(id);
    slot('drawer').hidden = false;
    slot('drawer').dataset.loading = 'true';
    document.querySelector('.wall').dataset.drawer = 'open';
    if (this.at) this.point();
    this.ask();
    this.onChange();
  }

  known(id) {
    return this.wall.feed.rows.get(id)?.data.at ?? this.wall.cases.fresh.get(id)?.row.at ?? this.wall.alarm?.byId.get(id)?.at ?? null;
  }

  ask() {
    window.dash_clientside.set_props('wall-selected', { data: { case: this.id, stamp: (this.stamp += 1) } });
  }

  /** The drawer is filled: draw the decision's candidates, and go there if that was wished. */
  draw(candidates) {
    slot('drawer').dataset.loading = 'false';
    if (!this.id) return;
    this.wall.teams.drawCandidates(candidates);
    this.at = candidates.at ?? this.at;
    if (this.at) this.point();
  }

  point() {
    this.mark.setLngLat(this.at).addTo(this.map);
    if (!this.fly) return;
    this.fly = false;
    this.map.easeTo({ center: this.at, zoom: Math.max(this.map.getZoom(), CLOSE_ZOOM), padding: padding(), duration: 700 });
  }

  patch(rows) {
    const row = rows.find((one) => one.id === this.id);
    if (!row) return;
    if (row.at) this.mark.setLngLat((this.at = row.at));
    this.ask();
  }

  clear() {
    this.id = null;
    this.wall.feed.mark(null);
    this.mark.remove();
    this.wall.teams.drawCandidates({});
    slot('drawer').hidden = true;
    document.querySelector('.wall').dataset.drawer = 'closed';
    this.onChange();
  }
}
