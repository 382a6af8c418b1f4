/* The wall's keys, in the one keyboard map of all pages. */

import { register } from './keys.mjs';

export function registerKeys(wall) {
  const say = (key) => wall.page.say(`keys.${key}`);
  const acts = [
    ['/', 'search', () => wall.feed.input.focus()],
    ['f', 'filter', () => wall.filters.open(!wall.filters.isOpen)],
    ['t', 'tour', () => wall.tour.toggle()],
    [' ', 'play', (event) => (event.target.closest?.('button, a, input, summary, [role="button"]') ? false : wall.slider.toggle())],
    ['a', 'acknowledge', () => wall.alarm.first()],
    ['m', 'sound', () => wall.alarm.setSound(!wall.alarm.sound)],
    ['ArrowDown', 'next', (event) => step(wall, event, 1)],
    ['ArrowUp', 'previous', (event) => step(wall, event, -1)],
  ];
  for (const [key, words, act] of acts) register(key, say(words), act);
  register('Escape', '', (event) => leave(wall, event.target.closest?.('input[type="search"]')));
}

function step(wall, event, by) {
  if (event.target.closest?.('.map, input, details, [role="slider"]')) return false;
  return wall.feed.step(by);
}

/* Leaves one thing at a time: what is typed, the filter panel, the drawer, the cases behind a figure. */
function leave(wall, typing) {
  if (typing?.value) {
    typing.value = '';
    typing.dispatchEvent(new Event('input', { bubbles: true }));
  } else if (typing) typing.blur();
  else if (wall.filters.isOpen) wall.filters.open(false);
  else if (wall.selection.id) wall.selection.clear();
  else wall.feed.leave();
}
