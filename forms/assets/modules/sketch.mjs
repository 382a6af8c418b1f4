/**
 * A light map drawn from the sketch of our own streets: no raster, no library. Dragged, zoomed by two fingers, wheel, buttons and
 * keys. Coordinates are EPSG:4326 outside; inside, units of 1/4096 of a sheet of zoom 14 (Web Mercator, y southward).
 */

const UNITS = 4096, WORLD = 2 ** 14 * UNITS, CLOSEST = 3, WIDEST = -2.2;
/** Buildings are drawn, and can be chosen, from this nearness on. */
const DOORS_FROM = 1;
const STREETS = { motorway: 12, primary: 10, secondary: 8, tertiary: 6, residential: 4, path: 1.5 };
const ORDER = ['path', 'residential', 'tertiary', 'secondary', 'primary', 'motorway'];

/** @returns {[number, number]} */
export const toUnits = (lng, lat) => [(lng / 360 + 0.5) * WORLD, (0.5 - Math.asinh(Math.tan(lat * Math.PI / 180)) / (2 * Math.PI)) * WORLD];
/** @returns {[number, number]} lng, lat */
export const toDegrees = (x, y) => [(x / WORLD - 0.5) * 360, Math.atan(Math.sinh(Math.PI * (1 - 2 * y / WORLD))) * 180 / Math.PI];
/** How many units a metre is at a latitude. */
export const unitsPerMetre = (lat) => WORLD / (40_075_016.686 * Math.cos(lat * Math.PI / 180));

export class Sketch extends EventTarget {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(address: string) => Promise<unknown>} read gets a sheet as JSON
   * @param {{pin?: boolean, around?: boolean, doors?: boolean, sheets?: string}} options `doors`: buildings, near by; `sheets`: where sheets are
   */
  constructor(canvas, read, { pin = false, around = false, doors = false, sheets = '/api/sheets' } = {}) {
    super();
    Object.assign(this, { canvas, read, from: sheets, pin, around, doors, spots: [], x: WORLD / 2, y: WORLD / 2, zoom: 1.5, sheets: new Map(), ring: null, areas: [] });
    this.styles = getComputedStyle(canvas);
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener?.('change', () => this.draw());
    this.#hands();
  }

  /** Pixels a unit. */
  get scale() { return 2 ** this.zoom / 16; }
  get centre() { return toDegrees(this.x, this.y); }

  /** Look at a place. @param {number} lng @param {number} lat @param {number} [zoom] */
  look(lng, lat, zoom = this.zoom) {
    [this.x, this.y] = toUnits(lng, lat);
    this.zoom = zoom;
    this.draw();
  }
  /** The circle within which the phone believes to be. @param {{lng: number, lat: number, metres: number} | null} ring */
  show(ring) { this.ring = ring; this.draw(); }
  /** Places to mark. @param {{lng: number, lat: number, ink: string}[]} spots `ink`: a colour's name */
  mark(spots) { this.spots = spots; this.draw(); }
  zoomBy(steps) { this.zoom = Math.max(WIDEST, Math.min(CLOSEST, this.zoom + steps)); this.#moved(); }
  move(dx, dy) { this.x += dx / this.scale; this.y += dy / this.scale; this.#moved(); }
  #moved() { this.draw(); this.dispatchEvent(new Event('moved')); }

  #hands() {
    const { canvas } = this, fingers = new Map();
    let apart = 0;
    canvas.addEventListener('pointerdown', (event) => { canvas.setPointerCapture(event.pointerId); fingers.set(event.pointerId, event); apart = 0; });
    for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, (event) => { fingers.delete(event.pointerId); apart = 0; });
    canvas.addEventListener('pointermove', (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      fingers.set(event.pointerId, event);
      if (fingers.size === 1) { this.move(before.clientX - event.clientX, before.clientY - event.clientY); return; }
      const [a, b] = [...fingers.values()], now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      if (apart) this.zoomBy(Math.log2(now / apart));
      apart = now;
    });
    canvas.addEventListener('wheel', (event) => { event.preventDefault(); this.zoomBy(-event.deltaY / 400); }, { passive: false });
    canvas.addEventListener('keydown', (event) => {
      const way = { ArrowLeft: [-40, 0], ArrowRight: [40, 0], ArrowUp: [0, -40], ArrowDown: [0, 40] }[event.key];
      if (way) this.move(...way);
      else if (event.key === '+' || event.key === '=') this.zoomBy(0.5);
      else if (event.key === '-') this.zoomBy(-0.5);
      else return;
      event.preventDefault();
    });
  }

  /** The sheets in view, asked for once each. */
  #visible(width, height) {
    const [w, h] = [width / 2 / this.scale, height / 2 / this.scale], found = [], reach = this.around ? 1 : 0;
    for (let x = Math.floor((this.x - w) / UNITS) - reach; x <= (this.x + w) / UNITS + reach; x += 1) {
      for (let y = Math.floor((this.y - h) / UNITS) - reach; y <= (this.y + h) / UNITS + reach; y += 1) found.push([x, y]);
    }
    return found;
  }
  /** A sheet that is here: null where there is nothing, undefined while it is on its way. */
  sheet(kind, x, y) {
    const name = `${kind}/${x}/${y}`;
    if (!this.sheets.has(name)) {
      this.sheets.set(name, undefined);
      this.read(`${this.from}/${name}.json`).then(
        (content) => { this.sheets.set(name, kind === 'sketch' ? prepared(content ?? []) : content); this.draw(); this.dispatchEvent(new Event('loaded')); },
        () => this.sheets.delete(name),
      );
    }
    return this.sheets.get(name);
  }

  draw() {
    this.drawing ??= requestAnimationFrame(() => { this.drawing = null; this.#paint(); });
  }
  #paint() {
    const { canvas } = this, ratio = Math.min(devicePixelRatio || 1, 2), { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    if (canvas.width !== width * ratio || canvas.height !== height * ratio) Object.assign(canvas, { width: width * ratio, height: height * ratio });
    const pen = canvas.getContext('2d'), ink = (name) => this.styles.getPropertyValue(`--${name}`);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = ink('map-land');
    pen.fillRect(0, 0, width, height);
    pen.lineCap = pen.lineJoin = 'round';
    const sheets = this.#visible(width, height);
    const on = (x, y) => pen.setTransform(ratio * this.scale, 0, 0, ratio * this.scale, ratio * (width / 2 + (x * UNITS - this.x) * this.scale), ratio * (height / 2 + (y * UNITS - this.y) * this.scale));
    const drawn = sheets.map(([x, y]) => [x, y, this.sheet('sketch', x, y)]).filter(([, , sheet]) => sheet);
    for (const [x, y, sheet] of drawn) { on(x, y); for (const kind of ['park', 'square', 'water']) if (sheet.land[kind]) { pen.fillStyle = ink(`map-${kind}`); pen.fill(sheet.land[kind], 'evenodd'); } }
    for (const edge of [true, false]) {
      for (const kind of ORDER) {
        if (this.zoom < -0.5 && (kind === 'path' || kind === 'residential')) continue;
        pen.strokeStyle = ink(edge ? 'map-edge' : 'map-street');
        for (const [x, y, sheet] of drawn) { if (!sheet.streets[kind]) continue; on(x, y); pen.lineWidth = STREETS[kind] * 5 + (edge ? 2.2 / this.scale : 0); pen.stroke(sheet.streets[kind]); }
      }
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (!this.around || this.zoom >= 1.5) this.#names(pen, drawn, width, height, ink);
    if (this.around) this.#counts(pen, sheets, width, height, ink);
    if (this.doors && this.zoom >= DOORS_FROM) this.#doors(pen, sheets, width, height, ink);
    this.#marks(pen, width, height, ink);
    this.dispatchEvent(new Event('painted'));
  }

  #at(x, y, width, height) { return [width / 2 + (x - this.x) * this.scale, height / 2 + (y - this.y) * this.scale]; }

  #names(pen, drawn, width, height, ink) {
    if (this.zoom < 0) return;
    const taken = [];
    pen.font = `12px ${this.styles.fontFamily}`;
    pen.textAlign = 'center';
    for (const kind of [...ORDER].reverse()) {
      for (const [sx, sy, sheet] of drawn) {
        for (const [name, [x, y]] of sheet.names[kind] ?? []) {
          const [px, py] = this.#at(sx * UNITS + x, sy * UNITS + y, width, height), half = pen.measureText(name).width / 2 + 6;
          if (px < half || py < 12 || px > width - half || py > height - 6) continue;
          if (taken.some(([other, a, b, c]) => Math.abs(b - py) < 16 && Math.abs(a - px) < half + c || other === name && Math.hypot(a - px, b - py) < 160)) continue;
          taken.push([name, px, py, half]);
          pen.lineWidth = 3; pen.strokeStyle = ink('map-street'); pen.strokeText(name, px, py + 4);
          pen.fillStyle = ink('map-name'); pen.fillText(name, px, py + 4);
        }
      }
    }
  }

  #counts(pen, sheets, width, height, ink) {
    this.areas = [];
    this.waits = sheets.some(([x, y]) => this.sheet('around', x, y) === undefined);
    for (const [sx, sy] of sheets) {
      const on = (x, y) => this.#at(sx * UNITS + x, sy * UNITS + y, width, height);
      for (const [cases, open, x, y, ...rings] of this.sheet('around', sx, sy)?.areas ?? []) {
        const drawn = rings.map((ring) => pairs(ring).map((point) => on(...point)));
        this.areas.push({ cases, open, at: on(x, y), rings: drawn, size: Math.abs(drawn.reduce((sum, ring) => sum + surface(ring), 0)) });
      }
    }
    const most = Math.max(...this.areas.map((area) => area.cases / area.size));
    for (const { cases, rings, size } of this.areas) {
      const path = new Path2D();
      for (const ring of rings) {
        ring.forEach((point, at) => (at ? path.lineTo(...point) : path.moveTo(...point)));
        path.closePath();
      }
      pen.globalAlpha = 0.04 + 0.5 * Math.sqrt(cases / size / most);
      pen.fillStyle = ink('map-count'); pen.fill(path, 'evenodd');
      pen.globalAlpha = 0.45; pen.lineWidth = 1; pen.strokeStyle = ink('map-count'); pen.stroke(path);
    }
    pen.globalAlpha = 1;
    pen.textAlign = 'center';
    pen.font = `700 15px ${this.styles.fontFamily}`;
    for (const { cases, at: [x, y], size } of this.areas) {
      if (Math.sqrt(size) < 26) continue;
      pen.lineWidth = 4; pen.strokeStyle = ink('map-street'); pen.strokeText(String(cases), x, y + 5);
      pen.fillStyle = ink('ink'); pen.fillText(String(cases), x, y + 5);
    }
  }

  #doors(pen, sheets, width, height, ink) {
    pen.fillStyle = ink('map-name');
    for (const [sx, sy] of sheets) {
      for (const [x, y] of this.sheet('doors', sx, sy) ?? []) {
        const [px, py] = this.#at(sx * UNITS + x, sy * UNITS + y, width, height);
        if (px > 0 && py > 0 && px < width && py < height) pen.fillRect(px - 2.5, py - 2.5, 5, 5);
      }
    }
  }

  /** The buildings nearest to the middle, of what is loaded. @returns {{label: string, lng: number, lat: number, metres: number}[]} */
  nearby(most, within) {
    const metre = unitsPerMetre(this.centre[1]), found = [];
    for (const [name, sheet] of this.sheets) {
      if (!sheet || !name.startsWith('doors/')) continue;
      const [, sx, sy] = name.split('/').map(Number);
      for (const [x, y, label] of sheet) {
        const metres = Math.hypot(sx * UNITS + x - this.x, sy * UNITS + y - this.y) / metre, [lng, lat] = toDegrees(sx * UNITS + x, sy * UNITS + y);
        if (metres <= within) found.push({ label, lng, lat, metres });
      }
    }
    return found.sort((a, b) => a.metres - b.metres).slice(0, most);
  }

  #marks(pen, width, height, ink) {
    if (this.ring) {
      const [px, py] = this.#at(...toUnits(this.ring.lng, this.ring.lat), width, height);
      pen.beginPath();
      pen.arc(px, py, Math.max(6, this.ring.metres * unitsPerMetre(this.ring.lat) * this.scale), 0, 7);
      pen.globalAlpha = 0.16; pen.fillStyle = ink('accent'); pen.fill(); pen.globalAlpha = 1;
      pen.lineWidth = 2; pen.strokeStyle = ink('accent'); pen.stroke();
      pen.beginPath(); pen.arc(px, py, 5, 0, 7); pen.fillStyle = ink('accent'); pen.fill();
    }
    for (const { lng, lat, ink: colour } of this.spots) {
      const [sx, sy] = this.#at(...toUnits(lng, lat), width, height);
      pen.beginPath(); pen.arc(sx, sy, 9, 0, 7); pen.fillStyle = ink(colour); pen.fill();
      pen.lineWidth = 3; pen.strokeStyle = ink('map-street'); pen.stroke();
    }
    if (!this.pin) return;
    const [px, py] = [width / 2, height / 2];
    pen.beginPath();
    pen.moveTo(px, py); pen.bezierCurveTo(px - 4, py - 12, px - 13, py - 16, px - 13, py - 26);
    pen.arc(px, py - 26, 13, Math.PI, 0); pen.bezierCurveTo(px + 13, py - 16, px + 4, py - 12, px, py);
    pen.fillStyle = ink('pin'); pen.fill(); pen.lineWidth = 2; pen.strokeStyle = ink('map-street'); pen.stroke();
    pen.beginPath(); pen.arc(px, py - 26, 4.5, 0, 7); pen.fillStyle = ink('map-street'); pen.fill();
  }
}

/** Shapes of a sheet as paths, and the middle of each named street. */
function prepared(entries) {
  const sheet = { land: {}, streets: {}, names: {} };
  for (const [kind, name, x0, y0, ...steps] of entries) {
    const group = kind in STREETS ? sheet.streets : sheet.land, path = (group[kind] ??= new Path2D());
    let [x, y] = [x0, y0];
    const points = [[x, y]];
    path.moveTo(x, y);
    for (let at = 0; at < steps.length; at += 2) { x += steps[at]; y += steps[at + 1]; path.lineTo(x, y); points.push([x, y]); }
    if (group === sheet.land) path.closePath();
    else if (name) (sheet.names[kind] ??= []).push([name, middle(points)]);
  }
  return sheet;
}
function middle(points) {
  const at = Math.floor((points.length - 1) / 2), [a, b] = [points[at], points[at + 1] ?? points[at]];
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

/** `[x, y, x, y, …]` as points. */
const pairs = (numbers) => Array.from({ length: numbers.length / 2 }, (_, at) => [numbers[2 * at], numbers[2 * at + 1]]);
/** A ring's area; holes turn the other way and count against. */
const surface = (ring) => ring.reduce((sum, [x, y], at) => sum + x * ring[(at + 1) % ring.length][1] - ring[(at + 1) % ring.length][0] * y, 0) / 2;
