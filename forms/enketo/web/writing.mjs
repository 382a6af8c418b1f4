/** Writing an answer: the form in the page, kept with every change, page by page or as one list, checked, and handed over to be sent. */
import { commit, keep, send } from '../../assets/modules/answers.mjs';
import { find, lang, say } from '../../assets/modules/page.mjs';
import { openForm } from './engine.mjs';
import * as files from './files.mjs';
import { fillModel, mark, openPrefill } from './prefill.mjs';
import { focusFirst, sayInvalid } from './invalid.mjs';
import { showProblems } from './problems.mjs';
import { showProgress } from './progress.mjs';
import { placeOf, setPages } from './turning.mjs';

const PAUSE_MS = 400;

/** @param {{token: string, link: object, sheet: object, mine: object | null, problems: object[], sent: (answer: object) => void}} what */
export async function openWriting({ token, link, sheet, mine, problems, sent }) {
  const box = find('#form-box'), same = mine?.version === sheet.version && mine?.form === sheet.form;
  const known = same ? { model: sheet.model, paths: mine.known ?? {} } : fillModel(sheet.model, await openPrefill(link.prefill, location.hash, token));
  files.restore(same ? mine.files : []);
  const form = await openForm(box, { ...sheet, model: known.model }, same ? mine.instance : null);
  mark(form.view.html, known.paths);
  const draft = () => ({
    token, link, form: sheet.form, version: sheet.version, language: lang, known: known.paths, state: 'draft', code: null,
    instance: form.getDataStr(), files: files.named(form.getDataStr()), replaces: mine?.replaces ?? null, filed: mine?.filed ?? null, page: form.pages.active ? placeOf(form.pages) : null,
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
