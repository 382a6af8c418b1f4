/* The layer panel: what the map shows and how strongly, remembered in the address; and the legend of exactly that. */

import { lineOf } from './base_style.mjs';
import { element, slot } from './page.mjs';
import { paletteOf } from './palette.mjs';
import { shownTheme } from './theme.mjs';

const OPACITIES = {
  fill: ['fill-opacity'], line: ['line-opacity'], circle: ['circle-opacity', 'circle-stroke-opacity'], symbol: ['icon-opacity', 'text-opacity'],
  heatmap: ['heatmap-opacity'], 'fill-extrusion': ['fill-extrusion-opacity'],
};

/** `value`, a number or an expression, made weaker; what hangs on the zoom stays at the top, as the style wants it. */
export function weaker(value, share) {
  if (typeof value === 'number') return value * share;
  if (!Array.isArray(value) || JSON.stringify(value[2]) !== '["zoom"]' && JSON.stringify(value[1]) !== '["zoom"]') return ['*', share, value];
  const first = value[0] === 'step' ? 2 : 4;
  return value.map((part, index) => (index >= first && (index - first) % 2 === 0 ? weaker(part, share) : part));
}

/** The choice in an address: `cases,teams:60` → Map(cases → 1, teams → 0.6). */
export function readLayers(text) {
  if (text === null) return null;
  return new Map(text.split(',').filter(Boolean).map((part) => {
    const [name, percent] = part.split(':');
    return [name, percent === undefined ? 1 : Math.min(100, Math.max(5, Number(percent) || 100)) / 100];
  }));
}

export function writeLayers(shown) {
  return [...shown].map(([name, share]) => (share === 1 ? name : `${name}:${Math.round(share * 100)}`)).join(',');
}

export class Layers {
  constructor(map, page, snapshot, chosen, onChange) {
    Object.assign(this, { map, page, onChange });
    this.groups = groups(page, snapshot, shownTheme());
    this.original = new Map();
    this.standard = new Map(this.groups.filter((group) => !group.quiet).map((group) => [group.name, 1]));
    this.shown = new Map(chosen ?? this.standard);
    this.build();
    for (const group of this.groups) this.apply(group);
  }

  build() {
    slot('layers').replaceChildren(...this.groups.map((group) => {
      const line = element('div', 'layer');
      line.dataset.layer = group.name;
      const button = element('button', 'layer-switch');
      button.type = 'button';
      button.append(swatch(group.swatch), element('span', 'layer-title', group.title));
      button.addEventListener('click', () => this.toggle(group));
      const slider = element('input', 'layer-strength');
      Object.assign(slider, { type: 'range', min: 5, max: 100, step: 5, value: Math.round((this.shown.get(group.name) ?? 1) * 100) });
      slider.setAttribute('aria-label', this.page.say('layers.strength', { layer: group.title }));
      slider.addEventListener('input', () => this.strengthen(group, slider.value / 100));
      line.append(button, slider);
      Object.assign(group, { button, slider });
      return line;
    }));
  }

  toggle(group) {
    if (this.shown.has(group.name)) this.shown.delete(group.name);
    else this.shown.set(group.name, group.slider.value / 100);
    this.apply(group);
    this.onChange();
  }

  strengthen(group, share) {
    this.shown.set(group.name, share);
    this.apply(group);
    this.onChange();
  }

  apply(group) {
    const share = this.shown.get(group.name);
    group.button.setAttribute('aria-pressed', String(share !== undefined));
    group.slider.hidden = share === undefined;
    for (const layer of this.map.getStyle().layers.filter(({ id }) => group.has(id))) {
      this.map.setLayoutProperty(layer.id, 'visibility', share === undefined ? 'none' : 'visible');
      if (share !== undefined) this.fade(layer, share);
    }
  }

  fade(layer, share) {
    for (const property of OPACITIES[layer.type] ?? []) {
      const key = `${layer.id} ${property}`;
      if (!this.original.has(key)) this.original.set(key, layer.paint?.[property] ?? 1);
      const value = this.original.get(key);
      this.map.setPaintProperty(layer.id, property, share === 1 ? value : weaker(value, share));
    }
  }

  /** The map has been painted anew: keep its new strengths as the full ones. */
  repaint() {
    this.original.clear();
    for (const group of this.groups) this.apply(group);
  }

  isShown(name) {
    return this.shown.has(name);
  }

  /** How strongly a group is shown: 0 when it is not. */
  strengthOf(name) {
    return this.shown.get(name) ?? 0;
  }

  /** For the address: null while the choice is the standard one. */
  chosen() {
    const ordered = new Map(this.groups.filter(({ name }) => this.shown.has(name)).map(({ name }) => [name, this.shown.get(name)]));
    const text = writeLayers(ordered);
    return text === writeLayers(this.standard) ? null : text;
  }
}

function groups(page, snapshot, theme) {
  const { ground: paint, thread } = paletteOf(theme);
  const starting = (...prefixes) => (id) => prefixes.some((prefix) => id === prefix || id.startsWith(`${prefix}-`));
  const fixed = [
    { name: 'cases', has: starting('hex', 'case', 'done'), swatch: { shape: 'dot' } },
    { name: 'heat', has: starting('heat'), swatch: { shape: 'heat' }, quiet: true },
    { name: 'teams', has: starting('team'), swatch: { shape: 'shield' } },
    { name: 'threads', has: starting('thread'), swatch: { colour: thread } },
    { name: 'buildings', has: starting('building'), swatch: { shape: 'block' } },
  ].map((group) => ({ ...group, title: page.say(`layers.${group.name}`) }));
  const ground = snapshot.layers.map((layer, index) => {
    const title = page.pick(layer.title);
    if (layer.kind === 'grid') return { name: layer.name, title, has: starting('cell'), swatch: { colour: paint.cell, dash: true } };
    const { colour, dash } = lineOf(layer, index, theme);
    const own = new Set([`area-${layer.name}`, `area-${layer.name}-fill`, `area-${layer.name}-label`]);
    return { name: layer.name, title, has: (id) => own.has(id), swatch: { colour, dash }, quiet: layer.kind === 'jurisdiction' || layer.rank >= 2 };
  });
  return [...fixed, ...ground];
}

function swatch({ colour, dash, shape }) {
  const mark = element('span', `swatch${shape ? ` swatch-${shape}` : ''}`);
  if (colour) {
    mark.style.borderTopColor = colour;
    mark.style.borderTopStyle = dash ? 'dashed' : 'solid';
  }
  return mark;
}
