/** Cases around, counted: what everybody may see. */
import { paper, read } from './mailbox.mjs';
import { find, make, say } from './page.mjs';
import { Sketch } from './sketch.mjs';

/** The same as words, for those who do not see the map: the largest counts in view. */
function listCounts(sketch) {
  if (sketch.waits) return;
  const { clientWidth: width, clientHeight: height } = sketch.canvas;
  const seen = sketch.areas.filter(({ rings }) => rings.flat().some(([x, y]) => x >= 0 && y >= 0 && x <= width && y <= height));
  const total = seen.reduce((sum, area) => sum + area.cases, 0), open = seen.reduce((sum, area) => sum + Math.max(0, area.open), 0);
  find('#in-view').textContent = seen.length ? say('map.view', { n: total, open, areas: seen.length }) : say('map.empty');
}

async function start() {
  const city = await paper('city');
  if (!city) { find('#in-view').textContent = say('not.ready'); return; }
  const sketch = new Sketch(find('#map'), read, { around: true });
  sketch.look((city.west + city.east) / 2, (city.south + city.north) / 2, 0);
  let waiting = null;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(() => listCounts(sketch), 150); };
  sketch.addEventListener('painted', later);
  find('#nearer').addEventListener('click', () => sketch.zoomBy(0.5));
  find('#wider').addEventListener('click', () => sketch.zoomBy(-0.5));
  find('#locate').addEventListener('click', () => navigator.geolocation?.getCurrentPosition(({ coords }) => {
    sketch.look(coords.longitude, coords.latitude, 1);
    sketch.show({ lng: coords.longitude, lat: coords.latitude, metres: coords.accuracy });
  }, () => find('#in-view').replaceChildren(make('span', {}, say('place.none')))));
  document.body.dataset.ready = '1';
  performance.mark('ready');
}
start().catch(() => { find('#in-view').textContent = say('stand.offline'); });
