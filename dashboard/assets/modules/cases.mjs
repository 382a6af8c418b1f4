/* The cases on the map: kept by id, patched one by one, never redrawn as a whole. */

const OVERDUE_CHECK_MS = 20_000;

export class Cases {
  constructor(map, page, snapshot) {
    this.map = map;
    this.page = page;
    this.byId = new Map();
    this.pending = new Map();
    this.busy = false;
    this.take(snapshot);
    setInterval(() => this.age(), OVERDUE_CHECK_MS);
  }

  /* Everything anew, from a snapshot. */
  take(snapshot) {
    this.states = snapshot.states;
    this.matters = snapshot.matters;
    this.byId.clear();
    this.teams = new Map(snapshot.teams.map((team) => [team.id, team]));
    for (const [id, lng, lat, state, urgent, reported, due, closed, team, matter] of snapshot.points) {
      this.byId.set(id, { id, at: [lng, lat], state, urgent, reported, due, closed, team_id: team, matter: this.matters[matter] });
    }
    this.map.getSource('cases').setData(collection([...this.byId.values()].map((row) => this.feature(row))));
    this.drawTeams();
  }

  tone(row) {
    return this.states[row.state]?.tone ?? 'new';
  }

  isOverdue(row) {
    return !row.closed && row.due && row.due < this.page.now();
  }

  feature(row) {
    const overdue = Boolean(this.isOverdue(row));
    row.wasOverdue = overdue;
    const weight = (row.closed ? 0 : 1) + (row.urgent ? 2 : 0) + (overdue ? 4 : 0);
    return {
      type: 'Feature', id: row.id, geometry: { type: 'Point', coordinates: row.at },
      properties: { tone: this.tone(row), urgent: Boolean(row.urgent), overdue, closed: Boolean(row.closed), weight },
    };
  }

  /* Rows of a live message: returns those that were not known before. */
  patch(rows) {
    const fresh = [];
    for (const row of rows.filter((row) => row.at)) {
      if (!this.byId.has(row.id)) fresh.push(row);
      this.byId.set(row.id, row);
      this.pending.set(row.id, row);
    }
    this.flush();
    return fresh;
  }

  /* One update at a time; what arrives meanwhile is gathered into the next. */
  async flush() {
    if (this.busy || !this.pending.size) return;
    this.busy = true;
    const rows = [...this.pending.values()];
    this.pending.clear();
    await this.map.getSource('cases').updateData({ add: rows.map((row) => this.feature(row)) });
    this.drawThreads();
    this.busy = false;
    this.flush();
  }

  age() {
    for (const row of this.byId.values()) {
      if (Boolean(this.isOverdue(row)) !== row.wasOverdue) this.pending.set(row.id, row);
    }
    this.flush();
  }

  setTeams(teams) {
    this.teams = new Map(teams.map((team) => [team.id, team]));
    this.drawTeams();
  }

  drawTeams() {
    const points = [...this.teams.values()].map((team) => ({
      type: 'Feature', id: team.id, geometry: { type: 'Point', coordinates: team.at },
      properties: { name: team.name, on_duty: team.on_duty, load: team.load, capacity: team.capacity, department: this.page.pick(team.department) },
    }));
    this.map.getSource('teams').setData(collection(points));
    this.drawThreads();
  }

  /* The needle's threads: from each team to the cases it works on. */
  drawThreads() {
    const lines = [];
    for (const row of this.byId.values()) {
      const team = this.teams.get(row.team_id);
      if (!team || row.closed || this.tone(row) !== 'work') continue;
      lines.push({ type: 'Feature', geometry: { type: 'LineString', coordinates: [team.at, row.at] }, properties: {} });
    }
    this.map.getSource('threads').setData(collection(lines));
  }

  drawCandidates(candidates) {
    this.map.getSource('candidates').setData(collection((candidates.marks ?? []).flatMap((mark) => {
      const { at, ...properties } = mark;
      return [
        { type: 'Feature', geometry: { type: 'LineString', coordinates: [at, candidates.at] }, properties },
        { type: 'Feature', geometry: { type: 'Point', coordinates: at }, properties },
      ];
    }).reverse()));
  }
}

const collection = (features) => ({ type: 'FeatureCollection', features });
