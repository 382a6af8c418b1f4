/* How large and how strong a case's mark is, for the map's style and for the sheet above it. Stops: `[at, value, at, value, …]`. */

/** Zooms where cells hand over to marks: both are drawn, one going, one coming. */
export const HANDOVER = [11.9, 12.5];

/** Minutes left from which a case presses. */
export const PRESSING_MIN = 60;

/** Radius in pixels by zoom. */
export const SIZES = [11.5, 1.5, 12.5, 2.4, 14, 4.4, 17, 8, 19, 11];

/** Opacity by age in minutes. */
export const AGE = [0, 1, 1440, 0.85, 10_080, 0.6];

/** Growth by age in minutes: what has just come is larger. */
export const GROWTH = [0, 1.3, 30, 1];
