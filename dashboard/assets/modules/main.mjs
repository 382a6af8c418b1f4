/* The wall: map, feed, figures and drawer over one snapshot and one live socket. */

import * as maplibre from '../vendor/maplibre-gl.mjs';
import { otherLanguage, readAddress, writeAddress } from './address.mjs';
import { Cases } from './cases.mjs';
import { Feed } from './feed.mjs';
import { Figures, showLink } from './figures.mjs';
import { addIcons } from './icons.mjs';
import { Layers } from './layers.mjs';
import { Live } from './live.mjs';
import { Page, element, setText, slot } from './page.mjs';
import { CASE_LAYERS } from './case_style.mjs';
import { mapStyle } from './style.mjs';

const PADDING = { top: 104, bottom: 36, left: 404, right: 404 };
const CHARTS_AFTER_MS = 600;
const CHARTS_EVERY_MS = 20_000;
const CITY_EVERY_MS = 4_000;
const PINGS_AT_ONCE = 12;
const CLOSE_ZOOM = 15;

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
    this.stamp = 0;
  }

  async open() {
    const snapshot = await this.snapshot();
    if (!snapshot.city?.bounds) return this.waitForCity();
    this.page.follow(snapshot);
    this.version = snapshot.version;
    setText(slot('city'), this.page.pick(snapshot.city.name));
    this.feed = new Feed(this.page, snapshot, { onSelect: (id) => this.select(id, true), onLeave: () => this.leaveBehind() });
    this.figures = new Figures(this.page, snapshot, { onOpen: (figure) => this.openFigure(figure) });
    this.map = this.makeMap(snapshot);
    this.listenToKeys();
    await new Promise((done) => this.map.once('style.load', done));
    addIcons(this.map);
    this.cases = new Cases(this.map, this.page, snapshot);
    this.layers = new Layers(this.map, this.page, snapshot, this.address.layers, () => this.remember());
    this.listenToMap();
    this.live = new Live({ since: snapshot.event, onMessage: (message) => this.receive(message), onState: (state) => showLink(this.page, state) });
    slot('curtain').dataset.state = 'open';
    this.map.once('render', () => this.afterFirstPicture());
    if (this.address.selected) this.select(this.address.selected, !this.address.view);
  }

  afterFirstPicture() {
    performance.mark('wall-ready');
    document.body.dataset.ready = String(Math.round(performance.now()));
    setTimeout(() => this.drawCharts(), CHARTS_AFTER_MS);
    setInterval(() => this.drawCharts(), CHARTS_EVERY_MS);
  }

  async snapshot() {
    const answer = await fetch('/api/wall/snapshot');
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({})))[this.page.language] ?? String(answer.status));
    return answer.json();
  }

  makeMap(snapshot) {
    const view = this.address.view;
    const [west, south, east, north] = snapshot.city.bounds;
    const start = view
      ? { zoom: view[0], center: [view[2], view[1]], bearing: view[3] ?? 0, pitch: view[4] ?? 0 }
      : { bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: PADDING } };
    const map = new maplibre.Map({
      container: document.querySelector('.map'), style: mapStyle(snapshot), attributionControl: false, fadeDuration: 120, maxPitch: 60, minZoom: 7, maxZoom: 19,
      localIdeographFontFamily: "'Noto Sans SC', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif", ...start,
    });
    map.addControl(new maplibre.ScaleControl({ maxWidth: 120 }), 'bottom-left');
    map.on('error', (event) => console.warn('map', event.error?.message));
    return map;
  }

  listenToMap() {
    this.map.on('moveend', () => this.remember());
    this.map.on('click', (event) => {
      const [hit] = this.map.queryRenderedFeatures(around(event.point, 5), { layers: CASE_LAYERS });
      if (hit) this.select(hit.id, false);
    });
    this.map.on('mousemove', (event) => this.hover(event));
    this.map.on('mouseout', () => (slot('tip').hidden = true));
  }

  hover(event) {
    const [hit] = this.map.queryRenderedFeatures(around(event.point, 4), { layers: [...CASE_LAYERS, 'team'] });
    this.map.getCanvas().style.cursor = hit && hit.layer.id !== 'team' ? 'pointer' : '';
    const tip = slot('tip');
    tip.hidden = !hit;
    if (!hit) return;
    const lines = hit.layer.id === 'team' ? this.teamLines(hit.properties) : this.caseLines(this.cases.byId.get(hit.id));
    tip.replaceChildren(...lines.map((line, index) => element(index ? 'span' : 'b', '', line)));
    tip.style.transform = `translate(${event.point.x + 14}px, ${event.point.y + 14}px)`;
  }

  teamLines(team) {
    return [team.name, team.department, this.page.say(team.on_duty ? 'tip.on_duty' : 'tip.off_duty', { load: team.load, capacity: team.capacity })];
  }

  caseLines(row) {
    if (!row) return [];
    return [this.page.pick(row.matter), this.page.pick(this.cases.states[row.state]?.name), this.page.left(row)?.text].filter(Boolean);
  }

  receive(message) {
    if (message.kind === 'cases') this.receiveCases(message.rows);
    else if (message.kind === 'pulse') this.receivePulse(message);
    else if (message.kind === 'reload') this.refresh();
  }

  receiveCases(rows) {
    const fresh = this.cases.patch(rows);
    this.feed.patch(rows);
    for (const row of fresh.filter((row) => this.page.now() - row.reported < 600).slice(-PINGS_AT_ONCE)) this.ping(row);
    if (rows.some((row) => row.id === this.selected)) this.askForCase();
  }

  receivePulse(message) {
    this.figures.take(message);
    this.cases.setTeams(message.teams);
    if (message.version !== this.version) location.reload();
  }

  async refresh() {
    const snapshot = await this.snapshot();
    this.cases.take(snapshot);
    this.feed.take(snapshot);
    this.figures.take(snapshot);
    this.live.since = snapshot.event;
  }

  /* A case that has just come in makes itself seen for a moment. */
  ping(row) {
    const mark = new maplibre.Marker({ element: element('div', row.urgent ? 'ping ping-urgent' : 'ping') }).setLngLat(row.at).addTo(this.map);
    setTimeout(() => mark.remove(), 4200);
  }

  select(id, fly) {
    this.selected = id;
    this.feed.mark(id);
    slot('drawer').hidden = false;
    slot('drawer').dataset.loading = 'true';
    document.querySelector('.wall').dataset.drawer = 'open';
    this.fly = fly;
    this.askForCase();
    this.remember();
  }

  askForCase() {
    window.dash_clientside.set_props('wall-selected', { data: { case: this.selected, stamp: (this.stamp += 1) } });
  }

  drawCase(candidates) {
    slot('drawer').dataset.loading = 'false';
    const at = candidates.at ?? this.cases?.byId.get(this.selected)?.at;
    this.cases?.drawCandidates(candidates);
    this.selectionMark?.remove();
    if (!at || !this.selected) return;
    this.selectionMark = new maplibre.Marker({ element: element('div', 'selection') }).setLngLat(at).addTo(this.map);
    if (this.fly) this.map.easeTo({ center: at, zoom: Math.max(this.map.getZoom(), CLOSE_ZOOM), padding: { ...PADDING, right: 520 }, duration: 700 });
    this.fly = false;
  }

  deselect() {
    this.selected = null;
    this.feed.mark(null);
    this.selectionMark?.remove();
    this.cases.drawCandidates({});
    slot('drawer').hidden = true;
    document.querySelector('.wall').dataset.drawer = 'closed';
    this.remember();
  }

  async openFigure(figure) {
    if (this.feed.mode === figure) return this.feed.leave();
    const answer = await fetch(`/api/wall/behind/${figure}`);
    if (!answer.ok) return undefined;
    this.figures.press(figure);
    return this.feed.showBehind(figure, this.figures.nameOf(figure), (await answer.json()).rows);
  }

  async leaveBehind() {
    this.figures.press(null);
    this.feed.fill(this.feed.latest);
    const answer = await fetch('/api/wall/behind/latest');
    if (answer.ok && this.feed.mode === 'latest') this.feed.fill((await answer.json()).rows.slice(0, 80));
  }

  listenToKeys() {
    addEventListener('keydown', (event) => {
      const typing = event.target.closest?.('input, textarea');
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'Escape') return this.escape(typing);
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        if (event.target.closest?.('.map')) return undefined;
        event.preventDefault();
        return this.feed.step(event.key === 'ArrowDown' ? 1 : -1);
      }
      if (typing) return undefined;
      if (event.key === '/') {
        event.preventDefault();
        this.feed.input.focus();
      }
      if (event.key === 'l' || event.key === 'L') location.assign(otherLanguage(this.page.language));
      return undefined;
    });
    slot('language').addEventListener('click', (event) => {
      event.preventDefault();
      location.assign(otherLanguage(this.page.language));
    });
    slot('drawer').addEventListener('click', (event) => event.target.closest('[data-close]') && this.deselect());
  }

  escape(typing) {
    if (typing && this.feed.input.value) {
      this.feed.input.value = '';
      this.feed.search('');
    } else if (typing) typing.blur();
    else if (this.selected) this.deselect();
    else this.feed.leave();
  }

  remember() {
    writeAddress({ map: this.map, selected: this.selected, layers: this.layers?.chosen() });
  }

  drawCharts() {
    window.dash_clientside.set_props('wall-pulse', { data: (this.stamp += 1) });
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

function around(point, reach) {
  return [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]];
}
