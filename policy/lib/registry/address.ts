// Docker Hub's images are not at the host that their names have: github.com/distribution/reference.
const elsewhere: Readonly<Record<string, string>> = { "docker.io": "registry-1.docker.io" };

const loopback = /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/;

/** Whether a URL can't be read on its way: https, or this machine. */
export const isPrivate = ({ protocol, host }: URL): boolean => protocol === "https:" || loopback.test(host);

/**
 * The address of a registry: https, and http on this machine's own loopback.
 * @param host as an image's name has it
 * @param mirrors by such a host, the URL that is asked in its place; it may have a path
 */
export function addressOf(host: string, mirrors: Readonly<Record<string, string>>): string {
  return mirrors[host] ?? `${loopback.test(host) ? "http" : "https"}://${elsewhere[host] ?? host}`;
}
