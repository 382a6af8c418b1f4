/* A sheet of canvas above the map for what changes from moment to moment: a mark is there with the next frame, and the map below is
   not drawn anew. */

import { paletteOf } from './palette.mjs';
import { shownTheme } from './theme.mjs';
import { element } from './page.mjs';

const MARGIN = 40;
const STEPS = { radius: 4, opacity: 20 };
const SPRITES = 2_000;

export class Sheet {
  constructor(map) {
    Object.assign(this, { map, layers: [], sprites: new Map(), drawn: [] });
    this.canvas = element('canvas', 'map-sheet');
    this.canvas.setAttribute('aria-hidden', 'true');
    map.getCanvas().after(this.canvas);
    this.pen = this.canvas.getContext('2d');
    map.on('render', () => this.followCamera());
    map.on('resize', () => this.draw());
    addEventListener('needle:theme', () => this.draw());
  }

  /** Draw, above what is there, what `read(zoom, palette)` yields: `{at, discs, rank, entry}`, the highest rank last. Returns the layer; 0 for its `strength` hides it. */
  show(read) {
    const layer = { read, strength: 1 };
    this.layers.push(layer);
    this.soon();
    return layer;
  }

  /** Draw before the next frame, once, however often asked. */
  soon() {
    this.frame ??= requestAnimationFrame(() => this.draw());
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
    this.drawn = [];
    const [zoom, palette] = [this.map.getZoom(), paletteOf(shownTheme())];
    for (const layer of this.layers) this.stamp(layer, layer.read(zoom, palette));
    this.canvas.hidden = this.drawn.length === 0; // an empty sheet would cost every frame of the page a layer
  }

  /** Add marks above what is drawn: what has just come costs no more than itself. With the next `draw` they must be among what `read` yields. */
  add(layer, read) {
    if (this.camera !== this.cameraNow() || this.canvas.hidden) return this.soon();
    return this.stamp(layer, read(this.map.getZoom(), paletteOf(shownTheme())));
  }

  stamp({ strength }, marks) {
    if (!strength) return;
    this.pen.globalAlpha = strength;
    for (const mark of this.inView(marks)) {
      const { x, y, sprite: { image, half } } = mark;
      this.pen.drawImage(image, x - half, y - half, half * 2, half * 2);
      this.drawn.push(mark);
    }
  }

  /* Marks with their places on the sheet, the highest rank last. */
  inView(marks) {
    const { width, height } = this.size;
    const found = [];
    for (const { at, discs, rank, entry } of marks) {
      const { x, y } = this.map.project(at);
      if (!discs.length || x < -MARGIN || y < -MARGIN || x > width + MARGIN || y > height + MARGIN) continue;
      found.push({ x, y, rank, entry, sprite: this.sprite(discs) });
    }
    return found.sort((one, other) => one.rank - other.rank);
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

  /** The entry of the topmost mark within `reach` pixels of a point; undefined where there is none. */
  at(point, reach) {
    return this.drawn.findLast(({ x, y, entry }) => entry && Math.abs(x - point.x) <= reach && Math.abs(y - point.y) <= reach)?.entry;
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
