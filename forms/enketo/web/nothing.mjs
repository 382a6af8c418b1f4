/** Stands for a package of Enketo Core's that this page does without: swiping from page to page, where people scroll with their thumb. */
export {};
