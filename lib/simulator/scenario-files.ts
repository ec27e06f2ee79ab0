/** The scenarios that come with the package, as they are written: also for the editor, which has no validator. */
import eightFaults from './scenarios/eight-faults.json';
import everythingABit from './scenarios/everything-a-bit-wrong.json';
import platformDown from './scenarios/platform-down-for-an-hour.json';

export const scenarioFiles = [eightFaults, platformDown, everythingABit];
