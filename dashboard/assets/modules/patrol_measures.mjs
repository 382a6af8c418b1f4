/* What the map of patrols can show of a cell: each measure with its property of the tiles, its classes and their colours. Blue is well,
   orange wants attention, in steps of lightness, for any colour vision; the legend says each class in words. */

const COLOURS = {
  dark: { good: ['#9fd0f7', '#4f97e0', '#3c5878', '#b0643a', '#ff8a4c'], never: '#ffcba6', much: ['#2c4765', '#3f86c4', '#f7cf46', '#ffa25e', '#ff6a2a'], none: '#1a293c' },
  light: { good: ['#0a4d92', '#5b9fd6', '#d8dcdf', '#eda274', '#b8461c'], never: '#6f1f06', much: ['#d5e3ef', '#8fbce0', '#e9c25f', '#e0803f', '#a8330f'], none: '#eceae4' },
};
const SHARES = [800, 600, 400, 200];
const DIFFERENCES = [150, 30, -30, -150];
const DAYS = [1, 3, 7, 14];
const COUNTS = [1, 5, 15, 40];
const NEVER = 99_999;

/** By name: `key` of the tiles, `kind` of its classes. */
export const MEASURES = {
  streets: { key: 's', kind: 'share' }, buildings: { key: 'b', kind: 'share' }, last: { key: 'v', kind: 'days' }, trend: { key: 't', kind: 'difference' },
  around: { key: 'n', kind: 'difference' }, opened: { key: 'o', kind: 'count' }, closed: { key: 'c', kind: 'count' }, overdue: { key: 'd', kind: 'count' },
  self_found: { key: 'f', kind: 'share' }, answered: { key: 'k', kind: 'share' },
};

/** The classes of a measure, the best first: `{ colour, words }`, and the colour of a feature as an expression. */
export function scaleOf(page, name, theme) {
  const { key, kind } = MEASURES[name], colours = COLOURS[theme] ?? COLOURS.dark;
  const value = ['get', key], known = ['has', key];
  if (kind === 'share') {
    const found = steps(known, value, SHARES, colours.good.toReversed(), colours.none, ['1–20%', '20–40%', '40–60%', '60–80%', '80–100%'], true);
    return { colour: ['case', ['all', known, ['==', value, 0]], colours.never, found.colour], classes: [...found.classes, { colour: colours.never, words: '0%' }] };
  }
  if (kind === 'difference') return steps(known, value, DIFFERENCES, colours.good.toReversed(), colours.none, ['more_down', 'down', 'same', 'up', 'more_up'].map((word) => page.say(`patrol.class.${word}`)), true);
  if (kind === 'count') return steps(known, value, COUNTS.toReversed(), [colours.none, ...colours.much.slice(1)], colours.none, ['0', '1–4', '5–14', '15–39', '40+'], false);
  const days = ['coalesce', value, NEVER];
  const words = ['today', 'days3', 'week', 'weeks2', 'longer'].map((word) => page.say(`patrol.class.${word}`));
  const found = steps(true, days, DAYS.toReversed(), colours.good, colours.none, words, false);
  return { colour: ['case', ['==', days, NEVER], colours.never, found.colour], classes: [...found.classes, { colour: colours.never, words: page.say('patrol.class.never') }] };
}

/* `borders` descend; `colours` and `words` ascend with the value. */
function steps(known, value, borders, colours, none, words, reversed) {
  const colour = ['case', known, ['step', value, colours[0], ...borders.toReversed().flatMap((border, at) => [border, colours[at + 1]])], none];
  const classes = words.map((word, at) => ({ colour: colours[at], words: word }));
  return { colour, classes: reversed ? classes.toReversed() : classes };
}

/** A share in per cent; a dash where it is not known. */
export const percent = (value) => (value === null || value === undefined ? '—' : `${Math.round(value * 100)}%`);

/** More or less than something, in points of per cent with its sign. */
export function points(value, than) {
  if (value === null || than === null || value === undefined || than === undefined) return '—';
  const by = Math.round((value - than) * 100);
  return by === 0 ? '±0' : `${by > 0 ? '+' : '−'}${Math.abs(by)}`;
}

/** How long ago somebody was there. */
export function ago(page, last, now) {
  if (!last) return page.say('patrol.never');
  const days = Math.floor((now - last) / 86_400);
  return days < 1 ? page.moment(last) : page.say('patrol.days_ago', { n: days });
}
