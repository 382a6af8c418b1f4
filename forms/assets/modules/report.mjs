/** The page on which a resident reports: what they wrote is kept on the phone until it is sent, and sent once. */
import { keepSending, learnKey, paper, read, send, store } from './mailbox.mjs';
import { chooseMatter } from './matter.mjs';
import { find, make, say } from './page.mjs';
import { shrink } from './photo.mjs';
import { choosePlace } from './place.mjs';
import { canSeal, fromBase64, grouped, mailId, newCode, toBase64 } from './seal.mjs';
import { Sketch, toUnits, unitsPerMetre } from './sketch.mjs';

const DRAFT = 'needle.draft', MINE = 'needle.mine', MOST_PHOTOS = 3, NEAR_M = 200, UNITS = 4096;
const fields = { words: find('#words-field'), address: find('#address'), name: find('#name'), phone: find('#phone') };
const draft = JSON.parse(store.get(DRAFT) ?? 'null') ?? { code: null, photos: [] };
let where = null, what = null, meToo = false;

function save() {
  Object.assign(draft, { words: fields.words.value, address: fields.address.value, name: fields.name.value, phone: fields.phone.value, place: where?.place, matter: what?.matter });
  const text = JSON.stringify(draft);
  if (!store.set(DRAFT, text)) store.set(DRAFT, JSON.stringify({ ...draft, photos: [] }));
}

function restore() {
  for (const [name, field] of Object.entries(fields)) { field.value = draft[name] ?? ''; field.addEventListener('input', save); }
  showPhotos();
}

function showPhotos() {
  const box = find('#photos');
  box.replaceChildren(...draft.photos.map((photo, at) => make('li', {}, make('img', { src: `data:image/jpeg;base64,${photo}`, alt: say('photo.alt', { n: at + 1 }) }),
    make('button', { type: 'button', class: 'remove', 'aria-label': say('photo.remove', { n: at + 1 }), onclick: () => { draft.photos.splice(at, 1); save(); showPhotos(); } }, '×'))));
  find('#photo-button').hidden = draft.photos.length >= MOST_PHOTOS;
}

async function addPhotos(event) {
  const files = [...event.target.files].slice(0, MOST_PHOTOS - draft.photos.length);
  find('#photo-told').textContent = say('photo.working');
  let failed = false;
  for (const file of files) {
    try { draft.photos.push(toBase64(await shrink(file))); } catch { failed = true; }
  }
  find('#photo-told').textContent = failed ? say('photo.failed') : '';
  event.target.value = '';
  save();
  showPhotos();
}

/** Open cases of the same matter close by, from the public map. */
function lookAround(sketch) {
  const box = find('#near'), { lng, lat } = where?.place ?? {};
  meToo = false;
  box.replaceChildren();
  if (lng == null || !what?.matter) return;
  const [x, y] = toUnits(lng, lat), reach = NEAR_M * unitsPerMetre(lat);
  let count = 0;
  for (let sx = Math.floor((x - reach) / UNITS); sx <= (x + reach) / UNITS; sx += 1) {
    for (let sy = Math.floor((y - reach) / UNITS); sy <= (y + reach) / UNITS; sy += 1) {
      for (const [px, py, matter, number] of sketch.sheet('around', sx, sy)?.spots ?? []) {
        if (matter === what.matter && Math.hypot(sx * UNITS + px - x, sy * UNITS + py - y) <= reach) count += number;
      }
    }
  }
  if (!count) return;
  const button = make('button', { type: 'button', class: 'second', 'aria-pressed': 'false', onclick: () => { meToo = !meToo; button.setAttribute('aria-pressed', String(meToo)); find('#near-told').textContent = meToo ? say('near.yes') : ''; } }, say('near.too'));
  box.append(make('div', { class: 'card' }, make('p', {}, say('near.found', { n: count, name: what.name })), button, make('p', { id: 'near-told', class: 'soft', role: 'status' })));
}

function trouble(text, field) {
  const box = find('#trouble');
  box.textContent = text;
  box.hidden = !text;
  if (text) (field ?? box).focus();
  return false;
}

function isWhole() {
  const { lng } = where.place;
  if (lng == null && !fields.address.value.trim()) return trouble(say('need.place'), fields.address);
  if (!what.matter && !fields.words.value.trim() && !draft.photos.length) return trouble(say('need.words'), fields.words);
  return true;
}

async function submit(event) {
  event.preventDefault();
  trouble('');
  if (!isWhole()) return;
  const button = find('#send');
  button.disabled = true;
  button.textContent = say('send.working');
  try {
    draft.code ??= newCode();
    save();
    const id = await mailId(draft.code);
    const outcome = await send(id, 'report', letter(draft.code), draft.photos.map(fromBase64));
    if (outcome === 'sent' || outcome === 'kept') finish(outcome, draft.code);
    else trouble(say(`refused.${outcome}`) === `refused.${outcome}` ? say('refused') : say(`refused.${outcome}`));
  } catch {
    trouble(say('send.failed'));
  }
  button.disabled = false;
  button.textContent = say('send');
}

function letter(code) {
  const contact = fields.name.value.trim() || fields.phone.value.trim() ? { name: fields.name.value.trim(), phone: fields.phone.value.trim() } : null;
  return { v: 1, code, ...where.place, address: fields.address.value.trim(), matter: what.matter, words: fields.words.value.trim(), contact, me_too: meToo };
}

function finish(outcome, code) {
  const mine = JSON.parse(store.get(MINE) ?? '[]');
  store.set(MINE, JSON.stringify([{ code, name: what.name || fields.words.value.slice(0, 20), at: Math.round(Date.now() / 1000) }, ...mine].slice(0, 30)));
  store.drop(DRAFT);
  find('#form').hidden = true;
  const done = find('#done');
  done.hidden = false;
  find('#done-title').textContent = say(outcome === 'sent' ? 'done.sent' : 'done.kept');
  find('#done-told').textContent = say(outcome === 'sent' ? 'done.sent.more' : 'done.kept.more');
  find('#code').textContent = grouped(code);
  find('#follow').href = `/track#${code}`;
  find('#done-title').focus();
  scrollTo(0, 0);
}

async function copyCode() {
  const link = new URL(find('#follow').getAttribute('href'), location.href).href;
  try { await navigator.clipboard.writeText(link); find('#copied').textContent = say('copied'); } catch { find('#copied').textContent = link; }
}

async function start() {
  restore();
  find('#photo').addEventListener('change', addPhotos);
  find('#form').addEventListener('submit', submit);
  find('#copy').addEventListener('click', copyCode);
  find('#again').addEventListener('click', () => { location.href = `/report${location.search}`; });
  if (!canSeal()) { trouble(say('need.https')); find('#send').disabled = true; return; }
  keepSending();
  learnKey();
  const [city, choices, matters] = await Promise.all(['city', 'choices', 'matters'].map(paper));
  if (!city) { trouble(say('not.ready')); return; }
  const sketch = new Sketch(find('#map'), read, { pin: true });
  const changed = () => { save(); lookAround(sketch); };
  where = choosePlace(sketch, city, changed);
  what = chooseMatter(choices, matters, changed);
  sketch.look((city.west + city.east) / 2, (city.south + city.north) / 2, 1.5);
  sketch.addEventListener('loaded', () => { if (!meToo) lookAround(sketch); });
  where.restore(draft.place);
  what.restore(draft.matter);
  document.body.dataset.ready = '1';
  performance.mark('ready');
}
start().catch(() => trouble(say('send.failed')));
