/**
 * Parts that many queries share.
 */

/**
 * The rate of a counter, over the range that fits the panel's resolution.
 * @param counter the counter with its selectors
 */
export const rate = (counter: string): string => `rate(${counter}[$__rate_interval])`;

/**
 * A sum that is 0, not empty, where there is no series: a counter of faults often has none until the first one.
 * @param series what is summed
 */
export const sumOrZero = (series: string): string => `sum(${series}) or vector(0)`;
