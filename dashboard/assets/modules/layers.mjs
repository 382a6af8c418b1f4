/* The layer panel: what the map shows, switched and remembered in the address. */

import { element, slot } from './page.mjs';
import { lineOf } from './base_style.mjs';
import { GROUND, THREAD } from './palette.mjs';

const CASE_STYLES = ['heat', 'case-closed', 'case-halo', 'case-calm', 'case-ring', 'case-pressing'];

export class Layers {
  constructor(map, page, snapshot, chosen, onChange) {
    Object.assign(this, { map, onChange });
    const fixed = [
      { name: 'cases', title: page.say('layers.cases'), styles: CASE_STYLES, swatch: { dot: true } },
      { name: 'teams', title: page.say('layers.teams'), styles: ['team'], swatch: { shield: true } },
      { name: 'threads', title: page.say('layers.threads'), styles: ['thread'], swatch: { colour: THREAD } },
      { name: 'buildings', title: page.say('layers.buildings'), styles: ['building', 'building-edge', 'building-volume'], swatch: { block: true } },
    ];
    const ground = snapshot.layers.map((layer, index) => {
      if (layer.kind === 'grid') return { name: layer.name, title: page.pick(layer.title), styles: ['cell', 'cell-name'], swatch: { colour: GROUND.cell, dash: [3, 3] } };
      const styles = [`area-${layer.name}`, `area-${layer.name}-fill`, `area-${layer.name}-label`];
      return { name: layer.name, title: page.pick(layer.title), styles, swatch: lineOf(layer, index), quiet: layer.kind === 'jurisdiction' || layer.rank >= 2 };
    });
    this.all = [...fixed, ...ground];
    this.standard = this.all.filter((layer) => !layer.quiet).map((layer) => layer.name);
    this.visible = new Set(chosen ?? this.standard);
    this.build();
    for (const layer of this.all) this.apply(layer);
  }

  build() {
    slot('layers').replaceChildren(...this.all.map((layer) => {
      const button = element('button', 'layer');
      button.type = 'button';
      button.dataset.layer = layer.name;
      button.append(swatch(layer.swatch), element('span', 'layer-title', layer.title));
      button.setAttribute('aria-pressed', String(this.visible.has(layer.name)));
      button.addEventListener('click', () => this.toggle(layer, button));
      return button;
    }));
  }

  toggle(layer, button) {
    if (this.visible.has(layer.name)) this.visible.delete(layer.name);
    else this.visible.add(layer.name);
    button.setAttribute('aria-pressed', String(this.visible.has(layer.name)));
    this.apply(layer);
    this.onChange();
  }

  apply(layer) {
    const visibility = this.visible.has(layer.name) ? 'visible' : 'none';
    for (const style of layer.styles) if (this.map.getLayer(style)) this.map.setLayoutProperty(style, 'visibility', visibility);
  }

  /* For the address: null while the choice is the standard one. */
  chosen() {
    const names = this.all.map((layer) => layer.name).filter((name) => this.visible.has(name));
    return names.join() === this.all.map((layer) => layer.name).filter((name) => this.standard.includes(name)).join() ? null : names;
  }
}

function swatch({ colour, dash, dot, shield, block }) {
  const mark = element('span', `swatch${dot ? ' swatch-dot' : shield ? ' swatch-shield' : block ? ' swatch-block' : ''}`);
  if (colour) {
    mark.style.borderTopColor = colour;
    mark.style.borderTopStyle = dash ? 'dashed' : 'solid';
  }
  return mark;
}
