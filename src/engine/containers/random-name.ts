import { randomInt } from 'node:crypto';

const ADJECTIVES = (
  'able amber ample apt bold brave breezy bright brisk calm candid cheerful clear clever cosy crisp curious daring deft eager early ' +
  'earnest easy fair fast fine firm fluent fond frank fresh friendly gentle glad golden good graceful grand happy hardy hearty honest ' +
  'humble jolly jovial keen kind lively logical loyal lucid lucky mellow merry mild modest neat nimble noble patient plucky polite prime ' +
  'proud quick quiet ready robust serene sharp shiny silent sincere smart smooth snug sober solid spry steady stoic strong sunny sure ' +
  'swift tender tidy trusty upbeat vivid warm wise witty zealous'
).split(' ');

const SURNAMES = (
  'abel babbage banach bayes bell bernoulli bohr boole borg brahe cantor cauchy cerf chandra church cohen conway cook coulomb cray curie ' +
  'darwin dijkstra dirac driscoll einstein elion erdos euclid euler faraday feistel fermat fermi feynman fibonacci fisher fourier ' +
  'franklin galileo galois gauss germain goedel goldberg hamilton hamming hawking heisenberg hellman hermite hertz hilbert hodgkin ' +
  'hoover hopper huffman hypatia jacobi jepsen johnson joliot joule kalman karp kepler khayyam knuth kolmogorov lagrange lamarr lamport ' +
  'laplace leibniz lovelace markov maxwell mcclintock mendel mendeleev mirzakhani moore moser napier nash newton nightingale nobel noether ' +
  'pascal pasteur payne perlman planck poincare ramanujan rhodes ride riemann ritchie rubin rutherford sammet shannon shaw shirley ' +
  'stonebraker tesla thompson torvalds turing vaughan villani volta weierstrass wiles wilson wozniak wright wu yalow yonath'
).split(' ');

/** A name as `keen_noether`; with a digit behind from the third try on. */
export function randomName(attempt: number): string {
  const name = `${ADJECTIVES[randomInt(ADJECTIVES.length)]}_${SURNAMES[randomInt(SURNAMES.length)]}`;
  return attempt < 2 ? name : `${name}${randomInt(10 ** Math.min(attempt - 1, 6))}`;
}
