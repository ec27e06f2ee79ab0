/** By what the simulator can be told from a real platform: writing to who carries the mark is harmless. */

/** Header of every HTTP answer of the simulated platform. */
export const SIMULATOR_HEADER = 'X-Exchange-Simulator';
export const SIMULATOR_HEADER_VALUE = '1';

/** Implementation version name (0002,0013) in the user information of the image archive's associations. */
export const SIMULATOR_IMPLEMENTATION = 'EXCHANGE_SIM';
