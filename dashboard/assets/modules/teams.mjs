/* Teams on the map, the threads to what they work on, and the candidates of one decision. */

export class Teams {
  constructor(map, page, teams) {
    Object.assign(this, { map, page });
    this.take(teams);
  }

  take(teams) {
    this.byId = new Map(teams.map((team) => [team.id, team]));
    this.map.getSource('teams').setData(collection(teams.map((team) => this.mark(team))));
    this.drawThreads();
  }

  /** Those that have changed, new ones among them, and the ids of those that are gone. */
  patch({ teams, gone }) {
    for (const team of teams) this.byId.set(team.id, team);
    for (const id of gone) this.byId.delete(id);
    this.map.getSource('teams').updateData({ add: teams.map((team) => this.mark(team)), remove: gone });
    this.drawThreads();
  }

  drawThreads() {
    const threads = [...this.byId.values()].filter((team) => team.on_duty && team.task_at).map((team) => line([team.at, team.task_at]));
    this.map.getSource('threads').setData(collection(threads));
  }

  mark(team) {
    return point(team.id, team.at, this.properties(team));
  }

  properties(team) {
    return { name: team.name, on_duty: team.on_duty, load: team.load, capacity: team.capacity, department: this.page.pick(team.department), duty: this.duty(team) };
  }

  /** What it is at, and until when it is on duty. */
  duty(team) {
    const until = team.shift_end ? this.page.say('team.until', { time: this.page.clock.format(new Date(team.shift_end * 1000)) }) : '';
    const task = team.task ? this.page.pick(team.task_title) || this.page.say('team.busy') : this.page.say('team.free');
    return team.on_duty ? [task, until].filter(Boolean).join(' · ') : this.page.say('team.off');
  }

  lines(id) {
    const team = this.byId.get(id);
    if (!team) return [];
    return [team.name, this.page.pick(team.department), this.page.say(team.on_duty ? 'tip.on_duty' : 'tip.off_duty', team), this.duty(team)];
  }

  drawCandidates(candidates) {
    const features = (candidates.marks ?? []).flatMap(({ at, ...properties }) => [line([at, candidates.at], properties), point(undefined, at, properties)]);
    this.map.getSource('candidates').setData(collection(features.reverse()));
  }
}

export const collection = (features) => ({ type: 'FeatureCollection', features });
export const point = (id, at, properties = {}) => ({ type: 'Feature', ...(id !== undefined && { id }), geometry: { type: 'Point', coordinates: at }, properties });
const line = (coordinates, properties = {}) => ({ type: 'Feature', geometry: { type: 'LineString', coordinates }, properties });
