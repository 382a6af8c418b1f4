/** Where maps in a form get the city and its sheets: of the portal; in the frame of a preview, of the page around it. */
import { read } from '../../assets/modules/mailbox.mjs';

let ask = read;

/** @param {(address: string) => Promise<unknown>} other */
export const askElsewhere = (other) => { ask = other; };
/** @param {string} address @returns {Promise<any>} the JSON there */
export const readGround = (address) => ask(address);
