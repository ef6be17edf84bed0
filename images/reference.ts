/** Where an image is, taken apart. */
export interface Reference {
  /** As the image's name has it, such as `docker.io` or `127.0.0.1:5000`. */
  host: string;
  /** Such as `grafana/loki`. */
  repository: string;
  /** Such as `3.6.3`. */
  tag: string;
}

/**
 * Takes a reference of `images.json` apart.
 * @param text registry, repository and tag, as `checkedList` has checked them
 */
export function parseReference(text: string): Reference {
  const [, host, repository, tag] = /^([^/]+)\/(.+):([^:/]+)$/.exec(text) ?? [];
  const official = host === "docker.io" && !repository.includes("/");
  return { host, repository: official ? `library/${repository}` : repository, tag };
}

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
