"""The ground as a browser draws it, in both themes: land and water in their colours, streets, houses and names there."""

from typing import Any

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

DRAW = """async ([theme, zoom]) => {
  const at = (path) => import(new URL(path, location.origin).href);
  const [ml, base, { paletteOf }] = await Promise.all(
    ['/assets/vendor/maplibre-gl.mjs', '/assets/modules/base_style.mjs', '/assets/modules/palette.mjs'].map(at));
  const { city, layers, version } = await (await fetch('/api/wall/snapshot')).json();
  const { ground } = paletteOf(theme);
  const tiles = (name, minzoom, maxzoom) =>
    ({ type: 'vector', tiles: [`${location.origin}/tiles/${name}/{z}/{x}/{y}.mvt?v=${version}`], minzoom, maxzoom });
  const named = layers.filter((layer) => layer.kind === 'area');
  document.body.replaceChildren(Object.assign(document.createElement('div'), { id: 'ground' }));
  document.getElementById('ground').style.cssText = 'position:fixed;inset:0';
  const [west, south, east, north] = city.bounds;
  const map = new ml.Map({ container: 'ground', attributionControl: false, fadeDuration: 0, zoom,
    center: [(west + east) / 2, (south + north) / 2], canvasContextAttributes: { preserveDrawingBuffer: true },
    style: { version: 8, light: base.sun(theme),
      sources: { base: tiles('base', 8, 16), area: tiles('area', 6, 14), cell: tiles('cell', 14, 15) },
      layers: [{ id: 'beyond', type: 'background', paint: { 'background-color': ground.beyond } },
        ...base.land(named[0].name, theme),
        ...base.landscape(theme), ...base.streets(theme), ...base.buildings(theme), ...base.cells(theme),
        ...named.flatMap((layer, index) => base.areaLines(layer, index, theme)),
        ...base.landscapeNames(theme), ...base.buildingNames(theme), ...base.streetNames(theme),
        ...named.map((layer, index) => base.areaLabel(layer, index, theme))] } });
  const wrong = [];
  map.on('error', (event) => wrong.push(event.error.message));
  await new Promise((done) => map.once('idle', done));
  const counts = {};
  for (const { layer } of map.queryRenderedFeatures()) {
    if (zoom >= (layer.minzoom ?? 0) && zoom < (layer.maxzoom ?? 24)) counts[layer.id] = (counts[layer.id] ?? 0) + 1;
  }
  const { width, height } = map.getCanvas();
  const gl = map.getCanvas().getContext('webgl2');
  const pixels = new Uint8Array(4 * width * height);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  const colours = new Map();
  for (let i = 0; i < pixels.length; i += 4) {
    const colour = `#${[...pixels.subarray(i, i + 3)].map((value) => value.toString(16).padStart(2, '0')).join('')}`;
    colours.set(colour, (colours.get(colour) ?? 0) + 1);
  }
  const shareOf = (colour) => (colours.get(colour) ?? 0) / (width * height);
  map.remove();
  return { counts, wrong, land: shareOf(ground.land), building: shareOf(ground.building) };
}"""


def draw(browser: Browser, address: str, theme: str, zoom: float) -> dict[str, Any]:
    """The demo block's ground at a zoom: features drawn by layer, errors, and the share of two colours."""
    page = browser.new_page(viewport={"width": 420, "height": 320})
    page.goto(f"{address}/wall?lang=zh")
    drawn: dict[str, Any] = page.evaluate(DRAW, [theme, zoom])
    page.close()
    assert drawn["wrong"] == []
    return drawn


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_quarter_is_land_streets_houses_and_names(browser: Browser, served_city: str, theme: str) -> None:
    drawn = draw(browser, served_city, theme, 15)
    assert {"land", "street", "street-casing", "street-name", "building", "building-edge"} <= set(drawn["counts"])
    assert "building-volume" not in drawn["counts"]
    assert drawn["land"] > 0.1
    assert drawn["building"] > 0.02


def test_near_by_houses_rise(browser: Browser, served_city: str) -> None:
    drawn = draw(browser, served_city, "light", 16.5)
    assert "building-volume" in drawn["counts"]
    assert "building" not in drawn["counts"]
