/* Classic script: it exists before Dash's renderer starts, and brings in the modules of the desk and of its sister pages. */
(() => {
  const space = (window.dash_clientside = window.dash_clientside || {});
  let desk = null;
  space.desk = {
    start(config) {
      if (config && !desk) desk = import(`${config.assets}/modules/desk.mjs`).then((module) => module.start(config));
      return space.no_update;
    },
    begin(config) {
      if (config) import(`${config.assets}/modules/${config.module}.mjs`).then((module) => module.start(config));
      return space.no_update;
    },
    opened(candidates) {
      if (desk && candidates) desk.then((running) => running && running.opened(candidates));
      return space.no_update;
    },
  };
})();
