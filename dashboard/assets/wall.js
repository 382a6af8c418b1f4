/* Classic script: it exists before Dash's renderer starts, and brings in the wall's modules when a wall is shown. */
(() => {
  const space = (window.dash_clientside = window.dash_clientside || {});
  let wall = null;
  space.wall = {
    start(config) {
      if (!config || wall) return space.no_update;
      wall = import(`${config.assets}/modules/main.mjs`).then((module) => module.start(config));
      return space.no_update;
    },
    drawCandidates(candidates) {
      if (wall && candidates) wall.then((running) => running && running.drawCase(candidates));
      return space.no_update;
    },
  };
})();
