/* Unsafe requests carry the token of their page's session, so that no other site can make them in somebody's name. */

const COOKIE = 'needle_csrf=';

/** The token against forged requests, from the cookie that only our own pages read. */
export function csrfToken() {
  return document.cookie.split('; ').find((pair) => pair.startsWith(COOKIE))?.slice(COOKIE.length) ?? '';
}

/**
 * Ask for a change.
 * @param {string} url @param {unknown} [body] sent as JSON @param {RequestInit} [options] another method, `keepalive`, …
 * @returns {Promise<Response>}
 */
export function post(url, body, options = {}) {
  const headers = { 'X-CSRF-Token': csrfToken(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...options.headers };
  return fetch(url, { method: 'POST', ...options, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}
