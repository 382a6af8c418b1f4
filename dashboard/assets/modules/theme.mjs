/* The theme: dark, light, or as the machine has it. The address says it first, then a cookie, so that the server's first byte is right. */

import { writeQuery } from './address.mjs';
import { remember } from './memory.mjs';

export const THEMES = ['dark', 'light', 'auto'];

const root = document.documentElement;

/** @returns {'dark'|'light'} what is shown now */
export const shownTheme = () => root.dataset.theme;

/** @returns {'dark'|'light'|'auto'} what was chosen */
export const chosenTheme = () => root.dataset.choice;

/** Show a theme, and remember it. @param {'dark'|'light'|'auto'} choice */
export function chooseTheme(choice) {
  root.dataset.choice = choice;
  root.dataset.theme = choice === 'auto' ? (matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark') : choice;
  remember('needle_theme', choice);
  writeQuery({ theme: new URLSearchParams(location.search).has('theme') ? choice : null });
  dispatchEvent(new Event('needle:theme'));
}

/** Call back with the theme now and after each change. @param {(theme: 'dark'|'light') => void} handler */
export function followTheme(handler) {
  addEventListener('needle:theme', () => handler(shownTheme()));
  handler(shownTheme());
}
