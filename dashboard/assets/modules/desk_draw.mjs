/* Drawing on the map with one stroke: a lasso or a box, as the shared filter writes them. */

const LEAST_PIXELS = 5;
const MOST_VERTICES = 200;
const SVG = 'http://www.w3.org/2000/svg';

/** @returns {Promise<string|null>} `lng lat;lng lat;…`, null when given up */
export async function drawLasso(map, signal) {
  const points = await stroke(map, signal, (points) => points);
  if (points.length < 3) return null;
  const every = Math.ceil(points.length / MOST_VERTICES);
  return points.filter((_, at) => at % every === 0).map((point) => map.unproject(point)).map(({ lng, lat }) => `${lng.toFixed(5)} ${lat.toFixed(5)}`).join(';');
}

/** @returns {Promise<string|null>} `west,south,east,north`, null when given up */
export async function drawBox(map, signal) {
  const points = await stroke(map, signal, ([first, ...rest]) => corners(first, rest.at(-1) ?? first));
  if (points.length < 2) return null;
  const [a, b] = [map.unproject(points[0]), map.unproject(points.at(-1))];
  return [Math.min(a.lng, b.lng), Math.min(a.lat, b.lat), Math.max(a.lng, b.lng), Math.max(a.lat, b.lat)].map((degrees) => degrees.toFixed(5)).join(',');
}

const corners = ([x, y], [u, v]) => [[x, y], [u, y], [u, v], [x, v]];

/* One stroke of the pointer, drawn as it goes. `shape`: what to draw of the points so far. */
function stroke(map, signal, shape) {
  const container = map.getCanvasContainer();
  const drawing = document.createElementNS(SVG, 'svg');
  drawing.setAttribute('class', 'desk-drawing');
  const path = drawing.appendChild(document.createElementNS(SVG, 'polygon'));
  map.getContainer().append(drawing);
  map.dragPan.disable();
  map.getCanvas().style.cursor = 'crosshair';
  const points = [];
  const here = (event) => {
    const box = container.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  return new Promise((done) => {
    const own = new AbortController();
    const finish = (found) => {
      own.abort();
      drawing.remove();
      map.dragPan.enable();
      map.getCanvas().style.cursor = '';
      done(found);
    };
    const until = { signal: own.signal };
    container.addEventListener('pointerdown', (event) => event.button === 0 && points.push(here(event)), until);
    addEventListener('pointermove', (event) => {
      if (!points.length) return;
      const [x, y] = here(event);
      if (Math.hypot(x - points.at(-1)[0], y - points.at(-1)[1]) < LEAST_PIXELS) return;
      points.push([x, y]);
      path.setAttribute('points', shape(points).map((point) => point.join()).join(' '));
    }, until);
    addEventListener('pointerup', () => points.length && finish(points), until);
    signal.addEventListener('abort', () => finish([]), until);
  });
}
