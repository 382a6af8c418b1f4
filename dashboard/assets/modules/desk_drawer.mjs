/* The drawer of the open case, filled by Dash; its candidates and duplicates begin what the action bar carries out. */

import { drawDuplicates } from './desk_duplicates.mjs';
import { slot } from './page.mjs';

const SENDING = ['dispatch', 'redispatch', 'reassign', 'rule', 'override'];

export class Drawer {
  constructor(desk) {
    this.desk = desk;
    this.stamp = 0;
    this.panel = slot('drawer');
    this.panel.addEventListener('click', (event) => this.clicked(event));
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  open(id) {
    this.panel.hidden = false;
    this.panel.dataset.loading = 'true';
    slot('side').dataset.drawer = 'open';
    this.id = id;
    window.dash_clientside.set_props(this.desk.config.selected, { data: { case: id, stamp: (this.stamp += 1) } });
  }

  filled() {
    this.panel.dataset.loading = 'false';
    const place = slot('duplicates');
    const { actions } = this.desk;
    if (!place) return;
    drawDuplicates(place, this.desk.page, this.id, {
      merge: (main) => actions.beginFor(this.id, ['merge'], { main }),
      open: (id) => this.desk.select(id, { open: true, reveal: true }),
    });
  }

  close() {
    if (!this.isOpen) return;
    this.panel.hidden = true;
    slot('side').dataset.drawer = 'closed';
    this.desk.map.drawCandidates({});
    this.desk.remember();
  }

  clicked(event) {
    if (event.target.closest('[data-close]')) return this.close();
    const team = event.target.closest('button[data-team]');
    if (!team) return undefined;
    const name = team.closest('.candidate').querySelector('b').textContent;
    return this.desk.actions.beginFor(this.id, SENDING, { id: Number(team.dataset.team), name, department: team.dataset.department });
  }
}
