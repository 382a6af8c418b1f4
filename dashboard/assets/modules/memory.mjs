/* What a browser remembers of a person's choices: a cookie for a year, which the server reads with the next page. */

const YEAR_SECONDS = 365 * 24 * 3600;

/** @param {string} name @param {string} value letters only */
export function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}
