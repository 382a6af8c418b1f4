/** Writing an answer: the form in the page, kept with every change, page by page or as one list, checked, and handed over to be sent. */
import { commit, keep, send } from '../../assets/modules/answers.mjs';
import { find, lang, say } from '../../assets/modules/page.mjs';
import { openForm } from './engine.mjs';
import * as files from './files.mjs';
import { fillModel, mark, openPrefill } from './prefill.mjs';
import { showProblems } from './problems.mjs';
import { showProgress } from './progress.mjs';

const PAUSE_MS = 400, INVALID = '.invalid-constraint, .invalid-required, .invalid-relevant';

/** @param {{token: string, link: object, sheet: object, mine: object | null, problems: object[], sent: (answer: object) => void}} what */
export async function openWriting({ token, link, sheet, mine, problems, sent }) {
  const box = find('#form-box'), same = mine?.version === sheet.version && mine?.form === sheet.form;
  const known = same ? { model: sheet.model, paths: mine.known ?? {} } : fillModel(sheet.model, await openPrefill(link.prefill, location.hash, token));
  files.restore(same ? mine.files : []);
  const form = await openForm(box, { ...sheet, model: known.model }, same ? mine.instance : null);
  mark(form.view.html, known.paths);
  const draft = () => ({
    token, link, form: sheet.form, version: sheet.version, language: lang, known: known.paths, state: 'draft', code: null,
    instance: form.getDataStr(), files: files.named(form.getDataStr()), page: form.pages.active ? placeOf(form.pages) : null,
  });
  const save = saving(draft);
  form.view.html.addEventListener('dataupdate', save);
  form.view.html.addEventListener('pageflip', save);
  setPages(form, box, same ? mine.page : null);
  showProgress(form);
  showProblems(form, problems);
  if (same && !problems.length) note('form.resumed');
  find('#send').onclick = () => handOver(form, draft, save, sent);
}

/** Keep soon after a change, however many follow; at once when the page is left. `data-waiting` says that something is not kept yet. */
function saving(draft) {
  let timer = null;
  const { dataset } = find('#saved');
  const now = async () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = null;
    const isKept = await keep(draft());
    note(isKept ? 'form.saved' : 'form.not_kept');
    if (!timer) delete dataset.waiting;
  };
  const soon = () => { dataset.waiting = '1'; timer ??= setTimeout(now, PAUSE_MS); };
  document.addEventListener('visibilitychange', () => { if (document.hidden) now(); });
  addEventListener('pagehide', now);
  soon.stop = () => { clearTimeout(timer); timer = null; };
  return soon;
}

const note = (key) => { find('#saved').textContent = say(key); };

function setPages(form, box, page) {
  const { pages } = form;
  box.classList.toggle('by-page', pages.active);
  box.querySelector('.form-footer').classList.toggle('end', !pages.active);
  if (!pages.active) return;
  const settle = () => {
    for (const one of box.querySelectorAll('[data-page] .or-group, [data-page] .or-group-data, [data-page] .or-repeat')) one.classList.add('inside');
    for (const button of box.querySelectorAll('.form-footer button')) button.disabled = button.classList.contains('disabled');
  };
  form.view.html.addEventListener('pageflip', () => { settle(); setTimeout(scrollTo, 0, 0, 0); });
  form.view.html.addEventListener('dataupdate', () => setTimeout(settle));
  form.view.html.addEventListener('keydown', (event) => onward(event, box));
  if (page) goBackTo(pages, page);
  settle();
  setTimeout(scrollTo, 0, 0, 0);
  find('.next-page').onclick = () => setTimeout(() => sayInvalid(form, pages.current));
}

const nameOf = (page) => page.getAttribute('name') ?? page.querySelector('[name]')?.getAttribute('name');
/** Where somebody is: the page's name, and the how-many-eth of that name, for repeats. */
function placeOf({ activePages, current }) {
  return current ? [nameOf(current), activePages.filter((page) => nameOf(page) === nameOf(current)).indexOf(current)] : null;
}
function goBackTo(pages, [name, number]) {
  pages._updateAllActive();
  const page = pages.activePages.filter((one) => nameOf(one) === name)[number];
  if (page && page !== pages.current) pages._flipTo(page, pages.activePages.indexOf(page));
}

/** The keyboard's own key goes on, as the button does. */
function onward(event, box) {
  if (event.key !== 'Enter' || !event.target.matches('input:not([type="checkbox"]):not([type="radio"])')) return;
  event.preventDefault();
  event.target.blur();
  box.querySelector('.form-footer.end #send, .form-footer:not(.end) .next-page').click();
}

/** Tell a screen reader what is wrong where. @returns {number} how many questions */
function sayInvalid(form, within = form.view.html) {
  for (const input of form.view.html.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  const wrong = [...form.view.html.querySelectorAll(INVALID)];
  for (const question of wrong) for (const input of question.querySelectorAll('input:not(.ignore), select, textarea')) input.setAttribute('aria-invalid', 'true');
  return wrong.filter((question) => within.contains(question)).length;
}

async function handOver(form, draft, save, sent) {
  const button = find('#send'), trouble = find('#trouble');
  button.disabled = true;
  trouble.hidden = true;
  const valid = await form.validate();
  if (!valid) {
    trouble.textContent = say('form.wrong', { n: sayInvalid(form) });
    trouble.hidden = false;
    button.disabled = false;
    focusFirst(form);
    return;
  }
  button.textContent = say('send.working');
  save.stop();
  const instance = form.getDataStr({ irrelevant: false });
  const answer = await commit({ ...draft(), instance, files: files.named(instance) });
  const stands = await send(answer);
  button.disabled = false;
  button.textContent = say('form.send');
  sent(stands);
}

function focusFirst(form) {
  const question = form.view.html.querySelector(INVALID);
  (question?.querySelector('input:not(.hide):not(.ignore), textarea, select, button') ?? question)?.focus();
}
