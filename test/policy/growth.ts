/** More than this is no growth with the size: as far from 4 as from 16. */
export const mostGrowth = 8;

/** As many at least, and as many at most where the machine is busy. */
const [rounds, most] = [5, 20];

/**
 * How much more CPU time a work takes at four times the size: about 4 where it grows with the size, 16 with its square, and more where it goes back and
 * forth. What else the machine does only ever adds, so the least of a few rounds counts, of more where these show too much; no clock is asked.
 * @param size large enough that the work takes some milliseconds
 */
export async function growth(work: (size: number) => Promise<unknown>, size: number): Promise<number> {
  const least = [Infinity, Infinity];
  const found = () => least[1] / least[0];
  for (let round = 0; round < rounds || (round < most && found() >= mostGrowth); round++) {
    for (const [index, times] of [1, 4].entries()) {
      const before = process.cpuUsage();
      await work(size * times);
      const { user, system } = process.cpuUsage(before);
      least[index] = Math.min(least[index], user + system);
    }
  }
  return found();
}
