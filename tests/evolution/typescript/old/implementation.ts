/** ParcelService as it was. */
import { Base } from './base.js';

export class Parcels extends Base {}

export const workflows = {};
