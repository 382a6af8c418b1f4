/* Work that may wait: done before the next frame, however often asked; while much arrives at once (live.mjs calls that calm), once a second. */

const EVERY_MS = 1_000;

export const isBusy = () => document.querySelector('.wall')?.dataset.calm === 'true';

/** @param {() => void} work @returns {() => void} asks for it */
export function paced(work) {
  let asked = false;
  let last = 0;
  const run = () => {
    asked = false;
    last = performance.now();
    work();
  };
  return () => {
    if (asked) return;
    asked = true;
    if (isBusy()) setTimeout(run, Math.max(0, EVERY_MS - (performance.now() - last)));
    else requestAnimationFrame(run);
  };
}
