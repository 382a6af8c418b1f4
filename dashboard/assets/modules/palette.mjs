/* Colours of the map in both themes. The ground is calm and nearly grey, so that cases speak; the tones of cases are those of
   css/tokens.css and differ in lightness as well as hue, so that they hold for any colour vision; rings say the rest. */

const DARK = {
  ground: {
    beyond: '#060b14', land: '#0b1421', glow: '#2f8fe8', glowOpacity: 0.28, water: '#0d2743', waterEdge: '#17406a', waterLabel: '#5f93c4', park: '#0e2424', parkLabel: '#5f9a86',
    square: '#121f30', building: '#16253a', buildingEdge: '#23384f', buildingTop: '#1f3550', buildingHigh: '#30517c', label: '#a9bdd6', faintLabel: '#7189a6', halo: '#070e19',
    border: '#5fb4ff', innerBorder: '#3d78b4', finest: '#2b4f7a', cell: '#3a6ea5', roadLabel: '#8298b3', roadHalo: '#0a1422',
  },
  streets: {
    motorway: { fill: '#4b6c94', casing: '#0a1524' }, primary: { fill: '#3a5576', casing: '#0a1524' }, secondary: { fill: '#2e445f', casing: '#09131f' },
    tertiary: { fill: '#26394f', casing: '#09131f' }, residential: { fill: '#1e2e41', casing: '#0a1420' }, path: { fill: '#22364a', casing: '#0a1420' },
  },
  /* Jurisdictions: a colour and a dash each, repeated when a city has more of them. */
  jurisdictions: [
    { colour: '#c79bff', dash: [4, 2] }, { colour: '#ffb37a', dash: [1, 2] }, { colour: '#7ee0c6', dash: [6, 2, 1, 2] },
    { colour: '#ff9ec0', dash: [2, 2] }, { colour: '#d8e27a', dash: [8, 3] },
  ],
  tone: { new: '#f7cf46', work: '#4f97e0', check: '#7fdcc4', done: '#62738a' },
  overdue: '#ff6a2a', urgent: '#ffffff', thread: '#7cc4ff', chosen: '#ffe08a',
};

const LIGHT = {
  ground: {
    beyond: '#e3e8ee', land: '#f5f6f4', glow: '#8aa6c4', glowOpacity: 0.35, water: '#bfd9ea', waterEdge: '#a3c5dc', waterLabel: '#4d83ab', park: '#dfead8', parkLabel: '#5d8558',
    square: '#ece9e1', building: '#e6e4df', buildingEdge: '#d3d0c9', buildingTop: '#dcdad4', buildingHigh: '#c3c6cb', label: '#33465c', faintLabel: '#6b7c90', halo: '#fbfcfb',
    border: '#2f6ea8', innerBorder: '#6f99c2', finest: '#a5bdd4', cell: '#6f93b8', roadLabel: '#5b6b7d', roadHalo: '#ffffff',
  },
  streets: {
    motorway: { fill: '#f6e2b3', casing: '#d9c08a' }, primary: { fill: '#fbf0d3', casing: '#dccfae' }, secondary: { fill: '#ffffff', casing: '#cfd5db' },
    tertiary: { fill: '#ffffff', casing: '#d6dbe0' }, residential: { fill: '#ffffff', casing: '#dfe3e6' }, path: { fill: '#cfccc2', casing: '#f5f6f4' },
  },
  jurisdictions: [
    { colour: '#7a3fc4', dash: [4, 2] }, { colour: '#b4571a', dash: [1, 2] }, { colour: '#0f7d66', dash: [6, 2, 1, 2] },
    { colour: '#bb2f6b', dash: [2, 2] }, { colour: '#6d7410', dash: [8, 3] },
  ],
  tone: { new: '#b77b00', work: '#074e93', check: '#459c78', done: '#63728c' },
  overdue: '#b73017', urgent: '#101820', thread: '#0b63b0', chosen: '#8a5a00',
};

const PALETTES = { dark: DARK, light: LIGHT };

/** The map's colours in a theme; dark where none is named. */
export const paletteOf = (theme) => PALETTES[theme] ?? DARK;

export const { ground: GROUND, streets: STREETS, jurisdictions: JURISDICTIONS, tone: TONE, overdue: OVERDUE, urgent: URGENT, thread: THREAD, chosen: CHOSEN } = DARK;
