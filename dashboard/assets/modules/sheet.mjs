/* A sheet of canvas above the map for what has just changed: a mark is there with the next frame, and the map below is not drawn anew. */

import { markOf } from './case_marks.mjs';
import { paletteOf } from './palette.mjs';
import { shownTheme } from './theme.mjs';
import { element } from './page.mjs';

const MARGIN = 40;
const STEPS = { radius: 4, opacity: 20 };
const SPRITES = 2_000;

export class Sheet {
  /** `items`: () → iterable of `{row, properties}`, the oldest change first; `minute`: () → the minute that the map shows. */
  constructor(map, items, minute) {
    Object.assign(this, { map, items, minute, strength: 1, sprites: new Map(), drawn: [] });
    this.canvas = element('canvas', 'sheet');
    this.canvas.setAttribute('aria-hidden', 'true');
    map.getCanvas().after(this.canvas);
    this.pen = this.canvas.getContext('2d');
    map.on('render', () => this.followCamera());
    map.on('resize', () => this.draw());
    addEventListener('needle:theme', () => this.draw());
    this.draw();
  }

  /** Draw before the next frame, once, however often asked. */
  soon() {
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  /** How strongly it is drawn: 0 hides it. */
  setStrength(strength) {
    this.strength = strength;
    this.draw();
  }

  /* The map has moved under the sheet: follow within the same frame. */
  followCamera() {
    if (this.camera !== this.cameraNow()) this.draw();
  }

  cameraNow() {
    const { map } = this;
    return [map.getCenter().toArray(), map.getZoom(), map.getBearing(), map.getPitch()].join(' ');
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    this.camera = this.cameraNow();
    this.fit();
    this.drawn = this.strength ? this.marks() : [];
    this.canvas.hidden = this.drawn.length === 0; // an empty sheet would cost every frame of the page a layer
    this.pen.globalAlpha = this.strength;
    for (const { x, y, sprite } of this.drawn) this.pen.drawImage(sprite.image, x - sprite.half, y - sprite.half, sprite.half * 2, sprite.half * 2);
  }

  /* The marks in view, the most pressing last. */
  marks() {
    const { width, height } = this.size;
    const [now, zoom, palette] = [this.minute(), this.map.getZoom(), paletteOf(shownTheme())];
    const marks = [];
    for (const item of this.items()) {
      const { x, y } = this.map.project(item.row.at);
      if (x < -MARGIN || y < -MARGIN || x > width + MARGIN || y > height + MARGIN) continue;
      const { discs, rank } = markOf(item.properties, now, zoom, palette);
      if (discs.length) marks.push({ x, y, rank, item, sprite: this.sprite(discs) });
    }
    return marks.sort((one, other) => one.rank - other.rank);
  }

  /* As large and as sharp as the map. */
  fit() {
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    const ratio = this.map.getPixelRatio();
    this.size = { width, height };
    if (this.ratio !== ratio) this.sprites.clear();
    this.ratio = ratio;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
      Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    }
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.pen.clearRect(0, 0, width, height);
  }

  /* A mark is painted once and then stamped; sizes and strengths are rounded so that few kinds suffice. */
  sprite(discs) {
    const round = (value, steps) => Math.round((value ?? 0) * steps) / steps;
    const rounded = discs.map((disc) => ({ ...disc, radius: round(disc.radius, STEPS.radius), opacity: round(disc.opacity, STEPS.opacity), edgeOpacity: round(disc.edgeOpacity, STEPS.opacity) }));
    const key = JSON.stringify(rounded);
    if (!this.sprites.has(key)) {
      if (this.sprites.size >= SPRITES) this.sprites.clear();
      this.sprites.set(key, paint(rounded, this.ratio));
    }
    return this.sprites.get(key);
  }

  /** The topmost mark within `reach` pixels of a point; undefined where there is none. */
  at(point, reach) {
    return this.drawn.findLast(({ x, y }) => Math.abs(x - point.x) <= reach && Math.abs(y - point.y) <= reach)?.item;
  }
}

/* Discs on a canvas of their own. */
function paint(discs, ratio) {
  const half = Math.ceil(Math.max(...discs.map(({ radius, width = 0 }) => radius + width))) + 1;
  const canvas = new OffscreenCanvas(Math.ceil(half * 2 * ratio), Math.ceil(half * 2 * ratio));
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  for (const disc of discs) paintDisc(pen, disc, half);
  return { half, image: canvas.transferToImageBitmap() };
}

function paintDisc(pen, { radius, blur, colour, opacity, edge, width, edgeOpacity }, middle) {
  const circle = (size) => {
    pen.beginPath();
    pen.arc(middle, middle, size, 0, 2 * Math.PI);
  };
  if (opacity) {
    pen.globalAlpha = opacity;
    pen.fillStyle = blur ? blurred(pen, colour, middle, radius) : colour;
    circle(radius);
    pen.fill();
  }
  if (edgeOpacity) {
    Object.assign(pen, { globalAlpha: edgeOpacity, strokeStyle: edge, lineWidth: width });
    circle(radius + width / 2);
    pen.stroke();
  }
}

function blurred(pen, colour, middle, radius) {
  const gradient = pen.createRadialGradient(middle, middle, 0, middle, middle, radius);
  gradient.addColorStop(0, colour);
  gradient.addColorStop(1, `${colour}00`);
  return gradient;
}
