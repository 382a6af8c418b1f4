/**
 * A draft as residents will meet it, for who composes it: the residents' own form, tried out in a frame. Nothing leaves it: the page's
 * policy allows no connection, and there is no code here that sends. The page around it says what to show, by messages of its origin.
 */
import './old.mjs';
import { find, lang, say } from '../../assets/modules/page.mjs';
import { languageOf, openForm } from './engine.mjs';
import { askElsewhere } from './ground.mjs';
import { focusFirst, sayInvalid } from './invalid.mjs';
import { showProgress } from './progress.mjs';
import { placeOf, setPages } from './turning.mjs';

const box = find('#form-box'), ground = find('#trouble');
/** @type {object | null} the form that stands here, the paper it was made of, and its language */
let form = null, shown = null, spoken = null;
let wanted = null, busy = false;
/** What the page around it was asked for, by address: this one may ask nobody. */
const asked = new Map();
askElsewhere((address) => new Promise((answer) => {
  asked.set(address, answer);
  parent.postMessage({ preview: 'ask', address }, location.origin);
}));

addEventListener('message', ({ data, origin, source }) => {
  if (origin !== location.origin || source !== parent) return;
  if (data?.given) asked.get(data.given)?.(data.content);
  if (!data?.paper) return;
  wanted = data;
  if (!busy) follow();
});

async function follow() {
  busy = true;
  while (wanted) {
    const what = wanted;
    wanted = null;
    await show(what).catch((error) => { console.warn(error); ground.textContent = say('preview.failed'); ground.hidden = false; });
  }
  busy = false;
}

/** What was tried out already stays as far as the new form still asks it. */
async function show({ paper, language, chosen }) {
  const tongue = paper.languages.find((tag) => language.includes(`(${tag})`)) ?? languageOf(paper);
  if (JSON.stringify(paper) !== shown || tongue !== spoken) {
    const before = form && { instance: form.getDataStr(), page: form.pages.active ? placeOf(form.pages) : null, top: scrollY };
    form = await openForm(box, paper, before?.instance ?? null, tongue).catch(() => openForm(box, paper, null, tongue));
    [shown, spoken] = [JSON.stringify(paper), tongue];
    find('#title').textContent = paper.title;
    ground.hidden = true;
    setPages(form, box, before?.page ?? null);
    showProgress(form);
    scrollTo(0, before?.top ?? 0);
  }
  point(chosen);
  document.body.dataset.ready = '1';
}

/** The question that is being edited, and whatever stands at its path below the root. */
const at = (path) => [...form.view.html.querySelectorAll(`[name$=${JSON.stringify(path)}], [data-name$=${JSON.stringify(path)}]`)].find((one) => below(one) === path);
const below = (one) => (one.getAttribute('name') ?? one.dataset.name).replace(/^\/[^/]+/, '');

function point(path) {
  form.view.html.querySelector('.is-chosen')?.classList.remove('is-chosen');
  const found = path && at(path)?.closest('.question, .or-group, .or-repeat');
  if (!found || found.closest('.disabled')) return;
  found.classList.add('is-chosen');
  const page = form.pages.active && form.pages.activePages.find((one) => one.contains(found));
  if (page && page !== form.pages.current) form.pages._flipTo(page, form.pages.activePages.indexOf(page));
  else found.scrollIntoView({ block: 'nearest' });
}

box.addEventListener('focusin', ({ target }) => {
  const named = target.closest('.question')?.querySelector('[name^="/"], [data-name^="/"]');
  if (named) parent.postMessage({ preview: 'chosen', path: below(named) }, location.origin);
});
find('#send').onclick = async () => {
  ground.textContent = (await form.validate()) ? say('preview.holds') : say('form.wrong', { n: sayInvalid(form) });
  ground.classList.toggle('well', !form.view.html.querySelector('.invalid-constraint, .invalid-required'));
  ground.hidden = false;
  if (!ground.classList.contains('well')) focusFirst(form);
  else scrollTo(0, 0);
};
document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
parent.postMessage({ preview: 'ready' }, location.origin);
