/* Buttons that open a panel below them: one open at a time, closed by Escape, by a click elsewhere, or by their button. */

const opened = () => document.querySelector('[aria-haspopup="dialog"][aria-expanded="true"]');
const panelOf = (button) => button.nextElementSibling;

/** @returns {boolean} whether one was open */
export function closeMenus() {
  const button = opened();
  if (!button) return false;
  button.setAttribute('aria-expanded', 'false');
  panelOf(button).hidden = true;
  return true;
}

/** Open a button's panel. @param {HTMLElement} button */
export function openMenu(button) {
  closeMenus();
  button.setAttribute('aria-expanded', 'true');
  const panel = panelOf(button);
  panel.hidden = false;
  panel.classList.toggle('is-right', button.getBoundingClientRect().left > innerWidth / 2);
  requestAnimationFrame(() => panel.querySelector('input, button')?.focus({ preventScroll: true }));
}

/** @param {Record<string, { draw: () => void }>} menus by the button's `data-menu` */
export function watchMenus(menus) {
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-menu]');
    if (button && menus[button.dataset.menu]) {
      if (button.getAttribute('aria-expanded') === 'true') return closeMenus();
      menus[button.dataset.menu].draw();
      return openMenu(button);
    }
    if (event.target.isConnected && !event.target.closest('.desk-menu')) closeMenus();
    return undefined;
  });
}
