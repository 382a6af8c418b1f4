/* The session has ended: whatever a script asks for is refused, and the person is shown the way to sign in, and back to this page. */

export const SIGNED_OUT = 4401;

/** Leave for the page that signs in; it leads back here. */
export function signIn() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/* Dash asks by itself as well, so the refusal is noticed where all requests pass. */
export function watchSession() {
  const ask = window.fetch;
  window.fetch = async (...given) => {
    const answer = await ask(...given);
    if (answer.status === 401 && new URL(answer.url).origin === location.origin) signIn();
    return answer;
  };
}
