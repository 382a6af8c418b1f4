/* Which cases are meant: the filter in the page's address, in requests, and as a test on live rows (data/mirror/where.py). */

const LISTS = ['id', 'channel', 'matter', 'major', 'area', 'state', 'department', 'team', 'judged', 'hex', 'cell'];
const FLAGS = ['urgent', 'open', 'overdue'];
const OTHERS = ['from', 'to', 'due_from', 'due_to', 'box', 'polygon', 'text'];
export const WHERE_KEYS = [...LISTS, ...FLAGS, ...OTHERS];

/** The filter of a query: `{channel: ['12345'], open: '1', …}`; keys without a value are absent. */
export function readWhere(query) {
  const where = {};
  for (const key of LISTS) {
    const values = (query.get(key) ?? '').split(',').map((value) => value.trim()).filter(Boolean);
    if (values.length) where[key] = [...new Set(values)].sort();
  }
  for (const key of FLAGS) if (['0', '1'].includes(query.get(key))) where[key] = query.get(key);
  for (const key of OTHERS) if (query.get(key)) where[key] = query.get(key);
  return where;
}

/** The filter as a query string in one canonical order, so that equal filters have equal addresses. */
export function writeWhere(where) {
  const parts = WHERE_KEYS.filter((key) => where[key] !== undefined && where[key].length !== 0);
  return parts.map((key) => `${key}=${[where[key]].flat().map(encodeURIComponent).join(',').replaceAll('%3A', ':').replaceAll('%2B', '+')}`).join('&');
}

/** `path` asked under the filter. */
export function under(path, where, more = {}) {
  const query = [writeWhere(where), ...Object.entries(more).map(([key, value]) => `${key}=${encodeURIComponent(value)}`)].filter(Boolean).join('&');
  return query ? `${path}?${query}` : path;
}

/** Without its stretch of time: the slider filters the loaded tiles by itself. */
export function timeless({ from: _from, to: _to, ...rest }) {
  return rest;
}

export function onlyTime({ from, to }) {
  return { ...(from && { from }), ...(to && { to }) };
}

/** A moment of the filter in Unix seconds: digits, or ISO 8601. */
export function moment(text) {
  if (text === undefined) return null;
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
}

/** A test of live rows; verdicts and cells of the map are the server's to say. `majorOf`: matter id → major code; `now`: () → Unix seconds. */
export function tester(where, majorOf, now) {
  const sets = Object.fromEntries(LISTS.filter((key) => where[key]).map((key) => [key, new Set(where[key])]));
  const [from, to, dueFrom, dueTo] = ['from', 'to', 'due_from', 'due_to'].map((key) => moment(where[key]));
  const box = where.box?.split(',').map(Number);
  const tests = [
    sets.id && ((row) => sets.id.has(String(row.id))),
    sets.channel && ((row) => sets.channel.has(row.channel)),
    sets.matter && ((row) => sets.matter.has(String(row.matter_id))),
    sets.major && ((row) => sets.major.has(majorOf(row.matter_id))),
    where.area && within(where.area),
    sets.state && ((row) => sets.state.has(row.state)),
    sets.department && ((row) => sets.department.has(row.department)),
    sets.team && ((row) => sets.team.has(String(row.team_id))),
    where.urgent && ((row) => Boolean(row.urgent) === (where.urgent === '1')),
    where.open && ((row) => !row.closed === (where.open === '1')),
    where.overdue && ((row) => isOverdue(row, now()) === (where.overdue === '1')),
    from && ((row) => row.reported >= from),
    to && ((row) => row.reported < to),
    dueFrom && ((row) => row.due && row.due >= dueFrom),
    dueTo && ((row) => row.due && row.due < dueTo),
    box && ((row) => row.at && row.at[0] >= box[0] && row.at[1] >= box[1] && row.at[0] <= box[2] && row.at[1] <= box[3]),
    where.polygon && inside(where.polygon),
    where.text && ((row) => [row.number, row.title, row.address].join(' ').toLowerCase().includes(where.text.toLowerCase())),
  ].filter(Boolean);
  return (row) => tests.every((test) => test(row));
}

/* One of the named areas of each layer that is named. */
function within(areas) {
  const codes = new Map();
  for (const area of areas) {
    const [layer, ...code] = area.split(':');
    if (!codes.has(layer)) codes.set(layer, new Set());
    codes.get(layer).add(code.join(':'));
  }
  return (row) => [...codes].every(([layer, wanted]) => wanted.has(row.areas?.[layer]));
}

/* Even-odd, with edges straight on the map (spherical Mercator), as the server has it. */
function inside(polygon) {
  const height = (lat) => Math.asinh(Math.tan((lat * Math.PI) / 180));
  const corners = polygon.split(';').map((pair) => pair.trim().split(/\s+/).map(Number)).map(([lng, lat]) => [lng, height(lat)]);
  return ({ at }) => {
    if (!at) return false;
    const [x, y] = [at[0], height(at[1])];
    return corners.reduce((odd, [x1, y1], index) => {
      const [x2, y2] = corners[(index + 1) % corners.length];
      return (y1 > y) !== (y2 > y) && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1) ? !odd : odd;
    }, false);
  };
}

export function isOverdue(row, now) {
  return Boolean(!row.closed && row.due && row.due < now);
}
