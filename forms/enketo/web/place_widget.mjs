/** A place by the phone's own position, or on our own light map; lines and areas point by point. WGS 84, as `lat lng alt accuracy`. */
import Widget from 'enketo-core/src/js/widget.js';
import { make, say } from '../../assets/modules/page.mjs';
import { Sketch } from '../../assets/modules/sketch.mjs';
import { readGround } from './ground.mjs';

const PATIENCE_MS = 12_000, FAR_M = 150, HOUSES = 5, HOUSES_WITHIN_M = 150, ON_A_HOUSE_M = 5;
let city = null;
/** Where the map begins: the city's middle, asked once. */
const learnCity = () => { city ??= readGround('/api/papers/city.json').catch(() => null); return city; };

const written = ({ lat, lng, metres }) => `${lat.toFixed(6)} ${lng.toFixed(6)} 0 ${metres}`;
const points = (text) => text.split(';').map((one) => one.trim().split(' ').map(Number)).filter(([lat, lng]) => Number.isFinite(lat) && Number.isFinite(lng) && lat + lng !== 0).map(([lat, lng, , metres]) => ({ lat, lng, metres: metres || 0 }));

export default class Place extends Widget {
  static get selector() { return '.question input[data-type-xml^="geo"]:not([data-setvalue]):not([data-setgeopoint])'; }

  _init() {
    this.kind = this.element.dataset.typeXml;
    this.many = this.kind !== 'geopoint';
    this.told = make('p', { class: 'soft', role: 'status' }, say(this.many ? 'form.place.many' : 'form.place.start'));
    this.locate = this._button('place.locate', () => this._locate());
    this.draw = this._button('form.place.map', () => this._openMap());
    this.clear = this._button('form.place.clear', () => this._set([]));
    this.undo = this._button('form.place.undo', () => this._set(this.value.slice(0, -1)));
    this.box = make('div', { class: 'map-box', hidden: true });
    this.houses = make('div', { class: 'row houses', role: 'group', 'aria-label': say('form.place.houses'), hidden: true });
    this.element.classList.add('hide');
    this.element.after(make('div', { class: 'widget place' }, make('div', { class: 'row' }, this.locate, this.draw), this.box, this.houses, this.told, make('div', { class: 'row' }, this.many ? this.undo : null, this.clear)));
    this._tell();
    if (this.props.readonly) this.disable();
  }

  _button(key, onclick) { return make('button', { type: 'button', class: 'second', onclick }, say(key)); }

  /** @returns {{lat: number, lng: number, metres: number}[]} */
  get value() {
    const all = points(this.originalInputValue);
    return this.kind === 'geoshape' && all.length > 1 ? all.slice(0, -1) : all;
  }

  _set(all) {
    const closed = this.kind === 'geoshape' && all.length > 2 ? [...all, all[0]] : all;
    this.originalInputValue = closed.map(written).join(';');
    this._tell();
  }

  _tell() {
    const all = this.value, last = all[all.length - 1];
    for (const button of [this.clear, this.undo]) button.hidden = !all.length;
    if (!last) this.told.textContent = say(this.many ? 'form.place.many' : 'form.place.start');
    else if (this.many) this.told.textContent = say('form.place.points', { n: all.length });
    else this.told.textContent = say(last.metres > FAR_M ? 'form.place.rough' : 'form.place.at', { lat: last.lat.toFixed(5), lng: last.lng.toFixed(5), metres: Math.round(last.metres) });
    this.told.classList.toggle('got', Boolean(last));
    this.sketch?.mark(this.many ? all.map(({ lat, lng }) => ({ lat, lng, ink: 'accent' })) : []);
  }

  _take(one) { this._set(this.many ? [...this.value, one] : [one]); }

  _locate() {
    const failed = ({ code }) => { this.told.textContent = say(code === 1 ? 'form.place.denied' : 'form.place.none'); this._openMap(); };
    if (!navigator.geolocation) { failed({ code: 2 }); return; }
    this.told.textContent = say('place.looking');
    navigator.geolocation.getCurrentPosition(({ coords }) => this._found(coords), failed, { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 10_000 });
  }

  async _found({ latitude: lat, longitude: lng, accuracy }) {
    this._take({ lat, lng, metres: Math.round(accuracy) });
    await this._openMap();
    this.sketch?.look(lng, lat, accuracy < 40 ? 2.5 : 1.5);
    this.sketch?.show({ lng, lat, metres: accuracy });
    this._offerHouses();
  }

  async _openMap() {
    if (this.sketch) return;
    this.box.hidden = false;
    this.draw.hidden = true;
    const canvas = make('canvas', { tabindex: '0', role: 'application', 'aria-label': say('map.label') });
    const zoom = [['map.nearer', 0.5, '+'], ['map.wider', -0.5, '−']].map(([key, step, sign]) => make('button', { type: 'button', 'aria-label': say(key), onclick: () => this.sketch.zoomBy(step) }, sign));
    this.box.append(canvas, make('div', { class: 'zoom' }, ...zoom));
    this.sketch = new Sketch(canvas, readGround, { pin: true, doors: !this.many });
    if (this.many) this.box.after(this._button('form.place.add', () => this._here()));
    else this.sketch.addEventListener('moved', () => this._here());
    for (const news of ['moved', 'loaded']) this.sketch.addEventListener(news, () => this._offerHouses());
    const [last] = this.value.slice(-1), known = last ? null : await learnCity();
    if (last) this.sketch.look(last.lng, last.lat, 2);
    else if (known) this.sketch.look((known.west + known.east) / 2, (known.south + known.north) / 2, 1.5);
    this._tell();
  }

  /** Buildings near the pin: one of them may be the place. */
  _offerHouses() {
    if (this.many || !this.sketch) return;
    const near = this.sketch.nearby(HOUSES, HOUSES_WITHIN_M), labels = near.map(({ label }) => label).join('|');
    if (this.offered === labels) return;
    this.offered = labels;
    this.houses.hidden = !near.length;
    this.houses.replaceChildren(make('p', { class: 'soft' }, say('form.place.houses')), ...near.map((house) => this._house(house)));
  }

  _house({ label, lng, lat }) {
    return make('button', { type: 'button', class: 'second', onclick: () => {
      this._set([{ lat, lng, metres: ON_A_HOUSE_M }]);
      this.sketch.look(lng, lat, Math.max(this.sketch.zoom, 2));
      this.told.textContent = say('form.place.house', { name: label });
    } }, label);
  }

  /** The place under the pin. */
  _here() {
    const [lng, lat] = this.sketch.centre;
    this._take({ lat, lng, metres: Math.round(12 / this.sketch.scale / 2.5) });
  }

  disable() { for (const button of this.question.querySelectorAll('.place button')) button.disabled = true; }
  enable() { for (const button of this.question.querySelectorAll('.place button')) button.disabled = false; }
  update() { this._tell(); }
}
