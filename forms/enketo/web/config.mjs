/** Enketo Core's settings: no maps from elsewhere, pages checked before the next, nothing swiped away. */
export default {
  experimentalOptimizations: { computeAsync: false }, excludeNonRelevant: false, maps: [], googleApiKey: '', repeatOrdinals: false,
  validateContinuously: false, validatePage: true, swipePage: false, textMaxChars: 2000,
};
