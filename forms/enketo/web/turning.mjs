/** Turning a form's pages: next, back, on by the keyboard, and where somebody was. */
import { find } from '../../assets/modules/page.mjs';
import { sayInvalid } from './invalid.mjs';

/** One page after another, where the form is written so. @param {object} form @param {HTMLElement} box @param {[string, number] | null} page where somebody was */
export function setPages(form, box, page) {
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
export function placeOf({ activePages, current }) {
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
