/** Enketo Core's own words, from the page's table: `constraint.required` is `enketo.constraint.required` there, `__name__` is `{name}`. */
import { say } from '../../assets/modules/page.mjs';

export function t(key, options = {}) {
  return say(`enketo.${key}`, options);
}
export default { t };
