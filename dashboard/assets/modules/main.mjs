/* The wall: map, feed, figures and drawer over one snapshot, vector tiles and one live socket. */

import { Alarm } from './alarm.mjs';
import { Cases } from './cases.mjs';
import { Charts } from './charts.mjs';
import { Feed } from './feed.mjs';
import { Figures } from './figures.mjs';
import { Filters } from './filters.mjs';
import { Layers } from './layers.mjs';
import { Legend } from './legend.mjs';
import { LinkState } from './link_state.mjs';
import { Live } from './live.mjs';
import { Page, setText, slot } from './page.mjs';
import { Pings } from './pings.mjs';
import { Selection } from './selection.mjs';
import { Sheet } from './sheet.mjs';
import { Slider } from './slider.mjs';
import { WallSurges } from './surges_wall.mjs';
import { Teams } from './teams.mjs';
import { Tips } from './tips.mjs';
import { Tour } from './tour.mjs';
import { developed, makeMap, padding, repaint, tiled } from './view.mjs';
import { readAddress, writeAddress } from './wall_address.mjs';
import { registerKeys } from './wall_keys.mjs';
import { timeless, under } from './where.mjs';

const CITY_EVERY_MS = 4_000;
const MIRROR_EVERY_MS = 1_500;

export async function start(config) {
  const wall = new Wall(config);
  document.documentElement.lang = config.language === 'zh' ? 'zh-CN' : 'en';
  document.title = wall.page.say('title');
  slot('retry').addEventListener('click', () => location.reload());
  try {
    await wall.open();
  } catch (error) {
    wall.fail(error);
  }
  window.needleWall = wall;
  return wall;
}

class Wall {
  constructor(config) {
    this.page = new Page(config);
    this.address = readAddress();
    this.where = this.address.where;
  }

  async open() {
    const snapshot = await this.snapshot();
    if (!snapshot.city?.bounds) return this.waitForCity();
    const { page } = this;
    page.follow(snapshot);
    this.version = snapshot.version;
    setText(slot('city'), page.pick(snapshot.city.name));
    this.map = makeMap(snapshot, page, this.where, this.address.view);
    this.makePanels(snapshot);
    await new Promise((done) => this.map.once('style.load', done));
    this.makeMapParts(snapshot);
    this.makeLive(snapshot);
    developed(this.map, () => {
      slot('curtain').dataset.state = 'open';
      this.awaitFirstPicture();
    });
    if (this.address.selected) this.selection.select(this.address.selected, { fly: !this.address.view });
    if (this.address.tour) this.tour.start();
    this.watchMirror(snapshot);
  }

  makePanels(snapshot) {
    const { page } = this;
    this.feed = new Feed(page, snapshot, { onSelect: (id) => this.selection.select(id, { fly: true }), onLeave: () => this.leaveBehind() });
    this.figures = new Figures(page, snapshot, { onOpen: (figure) => this.openFigure(figure) });
    this.filters = new Filters(page, snapshot, this.where, (where) => this.setWhere(where));
    this.charts = new Charts(page, snapshot, (code) => this.filters.toggle('area', `${snapshot.place_layer}:${code}`));
    this.charts.take(snapshot, this.where);
  }

  makeMapParts(snapshot) {
    const { map, page, address } = this;
    const remember = () => this.remember();
    this.cases = new Cases(map, new Sheet(map), page, snapshot, this.where);
    this.feed.setTest(this.cases.matches);
    this.teams = new Teams(map, page, snapshot.teams);
    this.layers = new Layers(map, page, snapshot, address.layers, () => this.layersChanged());
    this.cases.setStrength(this.layers.strengthOf('cases'));
    this.legend = new Legend(map, page, this.layers);
    this.pings = new Pings(map);
    this.selection = new Selection(map, this, remember);
    this.tips = new Tips(map, page, this.cases, this.teams, (hit) => this.selection.select(hit.id, { at: hit.geometry.coordinates }));
    this.alarm = new Alarm(this.cases, page, snapshot, { sound: address.sound, onSelect: (id) => this.selection.select(id, { fly: true }), onChange: remember });
    this.surges = new WallSurges({ page, cases: this.cases, map, padding, screen: new URLSearchParams(location.search).has('screen') });
    this.slider = new Slider(page, { span: address.span, where: this.where, onMove: (stretch) => this.cases.setStretch(stretch), onPlay: (span) => this.cases.hold(span), onRest: (stretch) => this.rest(stretch) });
    this.tour = new Tour(map, page, { padding, where: () => this.where, isLive: () => this.link.state === 'live', onStart: remember, onStop: remember });
    slot('tour-toggle').addEventListener('click', () => this.tour.toggle());
    registerKeys(this);
    map.on('moveend', remember);
    addEventListener('needle:theme', () => this.changeTheme(snapshot));
  }

  changeTheme(snapshot) {
    repaint(this.map, snapshot, this.page, this.where);
    this.layers.repaint();
    this.legend.draw(true);
  }

  makeLive(snapshot) {
    this.link = new LinkState(this.page);
    this.live = new Live({
      since: snapshot.event, where: this.where, onRows: (rows) => this.receiveRows(rows), onMessage: (message) => this.receive(message),
      onState: (state) => this.linkChanged(state),
    });
  }

  linkChanged(state) {
    this.link.show(state, this.live?.heardAt);
    this.cases.setLink(state === 'live');
  }

  /* Ready means drawn: a frame that holds the panels and every tile in view, base map and cases, has been handed to the screen. */
  awaitFirstPicture() {
    const look = () => {
      if (!tiled(this.map).every((name) => this.map.isSourceLoaded(name))) return;
      this.map.off('render', look);
      requestAnimationFrame(() => requestAnimationFrame(ready));
    };
    const ready = () => {
      performance.mark('wall-ready');
      document.body.dataset.ready = String(Math.round(performance.now()));
    };
    this.map.on('render', look);
    look();
  }

  async snapshot() {
    const answer = await fetch(under('/api/wall/snapshot', this.where));
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({})))[this.page.language] ?? String(answer.status));
    return answer.json();
  }

  /** Show only these cases: map, figures, charts, feed and the socket's figures at once. */
  async setWhere(where, moved = false) {
    this.where = where;
    this.cases.setWhere(where);
    this.feed.setTest(this.cases.matches);
    this.live.follow(where);
    if (!moved) this.slider.follow(where);
    this.remember();
    await this.refresh();
  }

  /** The slider has come to rest: its stretch joins the filter. */
  rest(stretch) {
    this.cases.setStretch(stretch);
    const where = { ...timeless(this.where), ...(stretch && { from: String(Math.floor(stretch.from)), to: String(Math.floor(stretch.to)) }) };
    this.filters.show(where);
    this.setWhere(where, true);
  }

  receive(message) {
    if (message.kind === 'pulse') this.receivePulse(message);
    else if (message.kind === 'teams') message.all ? this.teams.take(message.teams) : this.teams.patch(message);
    else if (message.kind === 'alarm') this.alarm.raise(message.row ?? message);
    else if (message.kind === 'acknowledged') this.alarm.acknowledged(message);
    else if (message.kind === 'reload') this.refresh(true);
  }

  receiveRows(rows) {
    for (const row of this.cases.patch(rows)) this.pings.show(row);
    this.feed.patch(rows);
    this.alarm.patch(rows);
    this.selection.patch(rows);
  }

  receivePulse(message) {
    if (message.version && message.version !== this.version) return location.reload();
    this.figures.take(message);
    this.charts.take(message, this.where);
    return undefined;
  }

  /** Everything but the map's ground anew, under the filter. */
  async refresh(everything = false) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const snapshot = await this.snapshot().catch(() => null);
    if (!snapshot || turn !== this.turn) return;
    this.feed.take(snapshot);
    this.figures.take(snapshot);
    this.charts.take(snapshot, this.where);
    if (!everything) return;
    this.teams.take(snapshot.teams);
    this.alarm.take(snapshot.alarms ?? []);
    this.cases.refresh();
    this.live.since = Math.max(this.live.since, snapshot.event);
  }

  /** The server may still be reading the cases: say how far it is, and look again when it is done. */
  watchMirror(snapshot) {
    const { ready = true, loaded = 0, total = 0 } = snapshot.mirror ?? {};
    slot('filling').hidden = ready;
    if (ready) return;
    setText(slot('filling'), this.page.say('mirror.loading', { percent: total ? Math.floor((loaded / total) * 100) : 0 }));
    setTimeout(async () => {
      const next = await this.snapshot().catch(() => snapshot);
      this.watchMirror(next);
      if (next.mirror?.ready ?? true) this.refresh(true);
    }, MIRROR_EVERY_MS);
  }

  async openFigure(figure) {
    if (this.feed.mode === figure) return this.feed.leave();
    const answer = await fetch(under(`/api/wall/behind/${figure}`, this.where));
    if (!answer.ok) return undefined;
    this.figures.press(figure);
    return this.feed.showBehind(figure, this.figures.nameOf(figure), (await answer.json()).rows);
  }

  async leaveBehind() {
    this.figures.press(null);
    this.feed.fill(this.feed.latest);
    const answer = await fetch(under('/api/wall/behind/latest', this.where));
    if (answer.ok && this.feed.mode === 'latest') this.feed.fill((await answer.json()).rows);
  }

  drawCase(candidates) {
    this.selection?.draw(candidates);
  }

  layersChanged() {
    this.cases.setStrength(this.layers.strengthOf('cases'));
    this.legend?.draw();
    this.remember();
  }

  remember() {
    const { map, where, slider, tour, alarm } = this;
    if (!tour) return;
    writeAddress({ map, where, selected: this.selection.id, layers: this.layers.chosen(), span: slider.span, tour: tour.on, sound: alarm.sound });
  }

  waitForCity() {
    this.curtain('empty');
    setTimeout(() => this.open().catch((error) => this.fail(error)), CITY_EVERY_MS);
  }

  fail(error) {
    this.curtain('failed', error.message);
    slot('retry').hidden = false;
  }

  curtain(state, text) {
    slot('curtain').dataset.state = state;
    setText(slot('curtain-title'), this.page.say(`curtain.${state}`));
    setText(slot('curtain-text'), text ?? this.page.say(`curtain.${state}_text`));
  }
}
