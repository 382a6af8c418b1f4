/* Colours of the map. Tones differ in lightness as well as hue, so that they hold for any colour vision; rings say the rest. */

export const GROUND = {
  beyond: '#060b14', land: '#0a1422', water: '#0c2440', waterEdge: '#16395f', park: '#0c2122', square: '#101d2f',
  building: '#15253d', buildingEdge: '#213a5c', buildingTop: '#1d3352', label: '#9db8d8', faintLabel: '#6f8bad', halo: '#060d18',
  border: '#5fb4ff', innerBorder: '#3d78b4', finest: '#2b4f7a', cell: '#3a6ea5',
};

export const TONE = { new: '#f2cf63', work: '#56b4e9', check: '#2fc2a0', done: '#6b829f' };
export const OVERDUE = '#ff7d3c';
export const URGENT = '#ffffff';
export const THREAD = '#7cc4ff';
export const CHOSEN = '#ffe08a';

/* Jurisdictions: a colour and a dash each, repeated when a city has more of them. */
export const JURISDICTIONS = [
  { colour: '#c79bff', dash: [4, 2] }, { colour: '#ffb37a', dash: [1, 2] }, { colour: '#7ee0c6', dash: [6, 2, 1, 2] },
  { colour: '#ff9ec0', dash: [2, 2] }, { colour: '#d8e27a', dash: [8, 3] },
];

export const STREETS = {
  motorway: { fill: '#3f6796', casing: '#0a1626', width: [9, 0.9, 12, 2.6, 16, 13] },
  primary: { fill: '#33567f', casing: '#0a1626', width: [9, 0.6, 12, 2.1, 16, 11] },
  secondary: { fill: '#294668', casing: '#091423', width: [11, 0.6, 13, 1.9, 16, 8.5] },
  tertiary: { fill: '#223b59', casing: '#091423', width: [12, 0.6, 14, 2, 16, 6.5] },
  residential: { fill: '#1b304a', casing: '#091321', width: [13, 0.5, 14, 1, 16, 4.6] },
  path: { fill: '#18293f', casing: '#091321', width: [14, 0.4, 16, 1.6] },
};
