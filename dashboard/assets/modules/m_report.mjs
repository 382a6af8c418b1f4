/** Reporting: a photo, what it is, where it is, a few words. Kept while it is written; sent when there is a network. */
import { button, closeSheets, distance, find, glyph, language, make, moment, openSheet, say, toast } from './m_dom.mjs';
import { here, locate } from './m_here.mjs';
import { photoRow } from './m_photo.mjs';
import { search } from './m_search.mjs';
import { ask } from './m_send.mjs';
import { send, state } from './m_state.mjs';
import { forget, keep, read } from './m_store.mjs';

const DRAFT = 'draft:report', FREQUENT = 8, THINK_MS = 700;
/** @type {{photos: import('./m_outbox.mjs').Photo[], matter: string | null, words: string, place: object | null, address: string, me_too: object | null}} */
let draft = null;
let matters = [];

const empty = () => ({ photos: [], matter: null, words: '', place: null, address: '', me_too: null });
const save = () => keep(DRAFT, draft);
const nameOf = (matter) => (language === 'zh' ? matter[1] : matter[2]);

/** The matters, as the phone has them; from the server when it is there. */
async function learnMatters() {
  matters = (await read('matters')) ?? [];
  const answer = await ask('/api/m/matters', { method: 'GET' });
  if (answer?.status === 200) { matters = answer.body; await keep('matters', matters); }
}

/** @returns {Promise<HTMLElement[]>} */
export async function reportScreen(done) {
  draft ??= (await read(DRAFT)) ?? empty();
  matters = (await read('matters')) ?? [];
  const known = learnMatters();
  if (!matters.length) await known;
  const place = make('section', { class: 'field' }), matter = make('section', { class: 'field' }), near = make('section', { class: 'near', 'aria-live': 'polite' });
  const problem = make('p', { class: 'problem', role: 'alert', hidden: true });
  const words = make('textarea', { id: 'report-words', rows: 3, maxlength: 2000, placeholder: say('words.report') });
  words.value = draft.words;
  words.addEventListener('input', () => { draft.words = words.value; void save(); clearTimeout(thinking); thinking = setTimeout(suggest, THINK_MS); });
  let thinking = null, suggested = [];
  const changed = () => { void save(); showPlace(); showMatter(); showHints(); void showNear(); };

  const showPlace = () => place.replaceChildren(make('h3', {}, say('place')), placeTold(),
    make('div', { class: 'row' }, button('second', say('place.gps'), findMe), button('second', say('place.map'), onMap)),
    make('label', { for: 'report-address' }, say('address')), addressField());
  const placeTold = () => make('p', { class: 'told', role: 'status', 'data-tone': draft.place ? (draft.place.accuracy_m > 100 ? 'warn' : 'good') : '' },
    draft.place ? [glyph('pin'), make('span', {}, draft.place.name || say('place.known')), make('span', { class: 'soft' }, say('place.accuracy', { m: draft.place.accuracy_m }))] : [glyph('pin'), say('place.missing')]);
  const addressField = () => {
    const field = make('input', { id: 'report-address', maxlength: 200, autocomplete: 'off', placeholder: say('address.example') });
    field.value = draft.address;
    field.addEventListener('input', () => { draft.address = field.value; void save(); });
    return field;
  };
  const setPlace = async (fix, from) => {
    draft.place = { lng: fix.lng, lat: fix.lat, accuracy_m: Math.round(fix.accuracy_m), from, name: '' };
    changed();
    const answer = await ask(`/api/m/place?lng=${fix.lng}&lat=${fix.lat}`, { method: 'GET' });
    if (answer?.status === 200 && draft.place?.lng === fix.lng) { draft.place.name = [answer.body.address, answer.body.area].filter(Boolean).join(' · '); changed(); }
  };
  const findMe = async () => {
    find('.told', place).textContent = say('here.looking');
    try { await setPlace(await locate(), 'gps'); } catch (trouble) { showPlace(); toast(say(trouble.code === 1 ? 'place.denied' : 'place.none'), 'bad'); }
  };
  const onMap = async () => {
    const picked = await (await import('./m_map.mjs')).pickPlace(draft.place ?? here());
    if (picked) await setPlace(picked, picked.from);
  };

  const showMatter = () => {
    const chosen = matters.find(([key]) => key === draft.matter), choices = matters.slice(0, FREQUENT);
    matter.replaceChildren(make('h3', {}, say('matter')),
      make('div', { class: 'chips' }, ...(chosen && !choices.includes(chosen) ? [chip(chosen)] : []), choices.map(chip)),
      button('second wide', say('matter.search'), openSearch, { 'data-open': 'search' }));
  };
  const chip = (one) => make('button', { type: 'button', class: 'chip', 'aria-pressed': String(one[0] === draft.matter), 'data-matter': one[0], onclick: () => { draft.matter = one[0] === draft.matter ? null : one[0]; draft.me_too = null; changed(); } }, nameOf(one));
  const openSearch = () => {
    const sheet = openSheet(say('matter.search')), list = make('ul', { class: 'hits' });
    const field = make('input', { type: 'search', 'aria-label': say('matter.search'), placeholder: say('matter.hint'), autocomplete: 'off', autocapitalize: 'off' });
    const show = () => {
      const found = search(matters, field.value, 40);
      list.replaceChildren(...(found.length ? found.map((one) => make('li', {}, make('button', { type: 'button', class: 'hit', 'data-matter': one[0], onclick: () => { draft.matter = one[0]; draft.me_too = null; changed(); sheet.close(); } }, make('strong', {}, nameOf(one)), make('span', { class: 'soft' }, one[4])))) : [make('li', { class: 'soft' }, say('matter.none'))]));
    };
    field.addEventListener('input', show);
    sheet.body.append(field, list);
    show();
    field.focus();
  };

  const suggest = async () => {
    if (draft.matter || draft.words.trim().length < 2) return;
    const answer = await ask(`/api/m/suggest?words=${encodeURIComponent(draft.words.trim())}`, { method: 'GET' });
    if (answer?.status !== 200 || draft.matter) return;
    suggested = answer.body.map((key) => matters.find((one) => one[0] === key)).filter(Boolean).slice(0, 3);
    showHints();
  };
  const hints = make('div', { class: 'chips', 'aria-live': 'polite' });
  const showHints = () => hints.replaceChildren(...(suggested.length && !draft.matter ? [make('span', { class: 'soft small' }, say('matter.guess')), ...suggested.map(chip)] : []));

  const showNear = async () => {
    const { place: at, matter: key } = draft;
    if (!at || !key) { near.replaceChildren(); return; }
    const answer = await ask(`/api/m/near?lng=${at.lng}&lat=${at.lat}&matter=${encodeURIComponent(key)}`, { method: 'GET' });
    if (draft.matter !== key || answer?.status !== 200 || !answer.body.length) { near.replaceChildren(); return; }
    near.replaceChildren(make('h3', {}, say('near.found', { n: answer.body.length })), make('ul', { class: 'cards' }, answer.body.map((one) => make('li', { class: 'card near-card' },
      make('p', {}, make('strong', {}, one.title), make('span', { class: 'soft' }, say('near.line', { distance: distance(one.metres), time: moment(one.at), n: one.reports }))),
      make('button', { type: 'button', class: 'chip', 'aria-pressed': String(draft.me_too?.id === one.id), onclick: () => { draft.me_too = draft.me_too?.id === one.id ? null : one; void save(); void showNear(); showSend(); } }, say('near.too'))))));
  };

  const sendButton = button('main wide', '', () => submit(), { id: 'report-send' });
  const showSend = () => { sendButton.textContent = say(draft.me_too ? 'report.add' : 'report.send'); };
  const submit = async () => {
    const missing = !draft.matter && !draft.words.trim() && !draft.photos.length ? 'need.something' : !draft.place && !draft.address.trim() ? 'need.where' : null;
    if (missing) { problem.textContent = say(missing); problem.hidden = false; problem.scrollIntoView({ block: 'center' }); return; }
    await send(asItem(draft));
    draft = empty();
    await forget(DRAFT);
    closeSheets();
    toast(say(state.reach ? 'report.sent' : 'report.kept'), 'good');
    done();
  };
  const asItem = ({ photos, matter: key, words: text, place: at, address, me_too }) => {
    const found = matters.find((one) => one[0] === key), title = found ? nameOf(found) : say('report.title');
    if (me_too) return { kind: 'order', about: `case:${me_too.id}`, title: say('report.added', { number: me_too.number }), body: { order: 'remark', case: me_too.id, me_too: true, words: text.trim() }, photos: { photos } };
    const where = at ? { place: { lng: at.lng, lat: at.lat, accuracy_m: at.accuracy_m }, place_from: at.from } : {};
    return { kind: 'report', about: '', title, body: { matter: key, words: text.trim(), address: address.trim(), ...where }, photos: { photos } };
  };

  showPlace(); showMatter(); showSend(); void showNear();
  if (!draft.place) void (async () => { try { const allowed = await navigator.permissions.query({ name: 'geolocation' }); if (allowed.state === 'granted') await findMe(); } catch { /* asked for with the button */ } })();
  const fromPhoto = (exif) => { void save(); if (exif.lng !== undefined && !draft.place) void setPlace({ ...exif, accuracy_m: 30 }, 'photo'); };
  return [photoRow(say('photos.spot'), draft.photos, fromPhoto), matter, place, near,
    make('section', { class: 'field' }, make('label', { for: 'report-words' }, say('words')), words, hints), problem,
    make('div', { class: 'sticky' }, sendButton, make('p', { class: 'soft tiny' }, say('report.note')))];
}

/** Whether something is being written. */
export const isWriting = () => draft !== null && (draft.words !== '' || draft.photos.length > 0 || draft.matter !== null);
