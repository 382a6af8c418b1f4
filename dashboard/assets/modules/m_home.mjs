/** The browser's offer to put the page onto the home screen comes early; it is kept until the person looks for it. */

export const home = { offer: null };
addEventListener('beforeinstallprompt', (event) => { event.preventDefault(); home.offer = event; });
