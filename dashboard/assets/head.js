/* Before the first picture: what the theme "auto" means on this machine. Classic and tiny, so that nothing flashes. */
(() => {
  const root = document.documentElement;
  const light = matchMedia('(prefers-color-scheme: light)');
  const follow = () => {
    if (root.dataset.choice !== 'auto') return;
    root.dataset.theme = light.matches ? 'light' : 'dark';
    dispatchEvent(new Event('needle:theme'));
  };
  light.addEventListener('change', follow);
  follow();
})();
