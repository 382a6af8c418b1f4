/** What is known already about the one who is asked: sealed under a key that stands after the #, shown, and free to be corrected. */
import { make, say, lang } from '../../assets/modules/page.mjs';
import { fromBase64 } from '../../assets/modules/seal.mjs';

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ', NONCE = 12, KEY_BYTES = 16;

/** Letters of base 32 as bytes, the highest bits first. */
function bytesOf(text) {
  const bits = [...text].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Uint8Array.from({ length: KEY_BYTES }, (_, at) => parseInt(bits.slice(at * 8, at * 8 + 8), 2));
}

/** @returns {Promise<Record<string, {value: string, since?: string, source?: string}>>} by path or name; nothing without its key */
export async function openPrefill(packet, fragment, token) {
  const typed = fragment.replace('#', '').toUpperCase();
  if (!packet || !/^[0-9A-HJKMNP-TV-Z]{26}$/.test(typed)) return {};
  try {
    const sealed = fromBase64(packet), key = await crypto.subtle.importKey('raw', bytesOf(typed), 'AES-GCM', false, ['decrypt']);
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token.toUpperCase().replaceAll(/[\s-]/g, '')));
    const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: sealed.slice(0, NONCE), additionalData: hash }, key, sealed.slice(NONCE));
    const known = JSON.parse(new TextDecoder().decode(plain));
    return known.fields ?? Object.fromEntries(Object.entries(known).map(([name, value]) => [name, { value: String(value) }]));
  } catch { return {}; }
}

/** The model with what is known written into it. @returns {{model: string, paths: Record<string, object>}} by path what was written */
export function fillModel(model, known) {
  const parsed = new DOMParser().parseFromString(model, 'text/xml'), root = parsed.querySelector('instance > *'), paths = {};
  for (const [name, one] of Object.entries(known)) {
    const steps = name.split('/').filter(Boolean), node = name.startsWith('/') ? walk(root, steps.slice(1)) : find(root, steps[0]);
    if (!node || node.children.length) continue;
    node.textContent = one.value;
    paths[pathOf(node, root)] = one;
  }
  return { model: new XMLSerializer().serializeToString(parsed), paths };
}
const walk = (node, steps) => steps.reduce((at, step) => at && [...at.children].find(({ localName }) => localName === step), node);
const find = (root, name) => [...root.getElementsByTagName('*')].find(({ localName }) => localName === name);
const pathOf = (node, root) => (node === root ? `/${node.localName}` : `${pathOf(node.parentElement, root)}/${node.localName}`);

/** Say at each question from when its answer is. */
export function mark(element, paths) {
  for (const [path, { since, source, value }] of Object.entries(paths)) {
    const question = element.querySelector(`[name="${path}"], [data-name="${path}"]`)?.closest('.question');
    if (!question) continue;
    const date = since ? new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', { year: 'numeric', month: 'long', day: 'numeric' }).format(new Date(since)) : '';
    const note = make('span', { class: 'known' }, say(since ? 'form.known.since' : 'form.known', { date, source: source ?? '' }));
    const legend = question.querySelector('legend');
    if (legend) legend.append(note);
    else question.querySelector('input, select, textarea').before(note);
    question.addEventListener('change', ({ target }) => { note.textContent = say(target.value === value ? (since ? 'form.known.since' : 'form.known') : 'form.known.changed', { date, source: source ?? '' }); });
  }
}
