/* Circles that the style draws of a case by MapLibre's own expressions, and the discs of `markOf`, both as plain numbers; prints where they differ.
   Arguments: MapLibre's style specification and the folder of our modules, as file addresses. */

const [SPECIFICATION, MODULES] = process.argv.slice(2);
const { createExpression, featureFilter, latest } = await import(SPECIFICATION);
const [{ caseLayers }, { markOf }, { paletteOf }] = await Promise.all(['case_style', 'case_marks', 'palette'].map((name) => import(`${MODULES}/${name}.mjs`)));
const now = 29_400_000;
let seed = 7;
const upTo = (n) => (seed = (seed * 48_271) % 2_147_483_647) % n;
const feature = () => {
  const r = now - upTo(12_000);
  return { t: upTo(4), u: upTo(2), r, d: [0, now - upTo(900) - 1, now + upTo(59), now + 60 + upTo(9_000)][upTo(4)], c: 0, w: now - 10, ...(upTo(4) === 0 && { c: 1, t: 3, e: now - upTo(200) }) };
};
const rounded = (value) => Math.round(value * 1e4) / 1e4;
const rgb = (hex) => [1, 3, 5].map((at) => rounded(parseInt(hex.slice(at, at + 2), 16) / 255));
function circles(layers, properties, zoom) {
  const held = { now, past: 0, from: 0, to: 2 ** 31 };
  const seen = { type: 'Point', id: 1, properties };
  const paint = (layer, name, otherwise) => {
    if (layer.paint[name] === undefined) return otherwise;
    const made = createExpression(layer.paint[name], 'x', latest.paint_circle[name], held);
    if (made.result === 'error') throw new Error(JSON.stringify(made.value));
    return made.value.evaluate({ zoom, globalState: held }, seen, {});
  };
  const inside = layers.filter((layer) => zoom >= layer.minzoom && featureFilter(layer.filter, 'x', held).filter({ zoom, globalState: held }, seen));
  return inside.map((layer) => {
    const [colour, edge] = ['circle-color', 'circle-stroke-color'].map((name) => paint(layer, name));
    const opacity = paint(layer, 'circle-opacity', 1), width = paint(layer, 'circle-stroke-width', 0);
    return { radius: paint(layer, 'circle-radius'), blur: paint(layer, 'circle-blur', 0), opacity, colour: opacity ? [colour.r, colour.g, colour.b].map(rounded) : null,
      width, edgeOpacity: width ? paint(layer, 'circle-stroke-opacity', 1) : 0, edge: width ? [edge.r, edge.g, edge.b].map(rounded) : null };
  }).filter(({ opacity, edgeOpacity }) => opacity || edgeOpacity);
}
const plain = (discs) => discs.map(({ radius, blur = 0, opacity = 0, colour, width = 0, edgeOpacity = 0, edge }) => ({ radius, blur, opacity, colour: opacity ? rgb(colour) : null, width, edgeOpacity, edge: width ? rgb(edge) : null }));
const numbers = (circle) => JSON.stringify(circle, (_, value) => (typeof value === 'number' ? rounded(value) : value));
const differ = [];
let discs = 0;
for (const theme of ['dark', 'light']) for (const zoom of [12.5, 12.9, 13, 14.4, 16, 18.5]) for (let k = 0; k < 150; k += 1) {
  const properties = feature();
  const style = circles(caseLayers(theme), properties, zoom), sheet = plain(markOf(properties, now, zoom, paletteOf(theme)).discs);
  discs += sheet.length;
  if (style.map(numbers).join() !== sheet.map(numbers).join()) differ.push({ zoom, properties, style, sheet });
}
console.log(JSON.stringify({ discs, differ: differ.slice(0, 3) }));
