/**
 * What makes questions easier to answer. A few widgets come with every form; those that few forms need are fetched when one does.
 * Enketo Core reads the list by `filter` when it is loaded, and walks through it when a form starts: so it may grow until then.
 */
import Columns from 'enketo-core/src/widget/columns/columns.js';
import DateMobile from 'enketo-core/src/widget/date-mobile/datepicker-mobile.js';
import Radio from 'enketo-core/src/widget/radio/radiopicker.js';
import SelectMedia from 'enketo-core/src/widget/select-media/select-media.js';
import TextMax from 'enketo-core/src/widget/text-max/text-max.js';
import Textarea from 'enketo-core/src/widget/textarea/textarea.js';

const RARE = [
  ['[data-type-xml^="geo"]', () => import('./place_widget.mjs')],
  ['[data-file]', () => import('./file_widget.mjs')],
  ['.or-appearance-draw, .or-appearance-signature, .or-appearance-annotate', () => import('./draw_widget.mjs')],
  ['.question > input[type="number"][min][max][step]', () => import('enketo-core/src/widget/range/range-widget.js')],
  ['.or-appearance-rating', () => import('enketo-core/src/widget/rating/rating.js')],
  ['.or-appearance-image-map', () => import('enketo-core/src/widget/image-map/image-map.js')],
  ['input[list]', () => import('enketo-core/src/widget/select-autocomplete/autocomplete.js')],
  ['[data-type-xml="rank"]', () => import('./rank_widget.mjs')],
  ['.or-appearance-comment', () => import('enketo-core/src/widget/comment/commentwidget.js')],
  ['.or-appearance-url', () => import('enketo-core/src/widget/url/url-widget.js')],
];

const list = [Columns, DateMobile, Radio, SelectMedia, TextMax, Textarea];

/** Fetch what a form needs besides. @param {ParentNode} form */
export async function gather(form) {
  const wanted = RARE.filter(([selector]) => form.querySelector(selector));
  for (const { default: widget } of await Promise.all(wanted.map(([, fetchIt]) => fetchIt()))) if (!list.includes(widget)) list.push(widget);
}
export default { filter: () => list };
