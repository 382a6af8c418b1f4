/* The charts beside the map: the last 24 hours by channel, and where the open cases are. */

import { HoursChart } from './hours_chart.mjs';
import { slot } from './page.mjs';
import { RankingChart } from './ranking_chart.mjs';

export class Charts {
  constructor(page, snapshot, onArea) {
    this.layer = snapshot.place_layer;
    this.hours = new HoursChart(slot('hours'), page, (code) => page.pick(snapshot.channels[code]) || code);
    this.ranking = new RankingChart(slot('ranking'), page, (code) => snapshot.areas[code] ?? code, onArea);
  }

  /** `hours` and `ranking` of a snapshot or a pulse; what is absent stays as it was. */
  take({ hours, ranking }, where) {
    if (hours) this.hours.update(hours);
    if (!ranking) return;
    const chosen = (where.area ?? []).filter((area) => area.startsWith(`${this.layer}:`)).map((area) => area.slice(this.layer.length + 1));
    this.ranking.update(ranking, new Set(chosen));
    slot('ranking-empty').hidden = ranking.length > 0;
  }
}
