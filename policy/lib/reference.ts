/** What a reference consists of. */
export interface Reference {
  /** Registry host and repository, such as `docker.io/grafana/loki`. */
  repository: string;
  tag?: string;
  digest?: string;
}

/**
 * Takes a reference apart as a container runtime does: `loki` is `docker.io/library/loki`.
 *
 * Follows github.com/distribution/reference: what comes first is a host if it has a dot or a port, or is localhost.
 */
export function parseReference(reference: string): Reference {
  const [, name, tag, digest] = /^(.*?)(?::([\w.-]+))?(?:@([\w+.-]+:\w+))?$/s.exec(reference) ?? ["", reference];
  const [first, ...rest] = name.split("/");
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const [host, path] = hasHost ? [first, rest.join("/")] : ["docker.io", name];
  const repository = `${host === "index.docker.io" ? "docker.io" : host}/${host === "docker.io" && !path.includes("/") ? `library/${path}` : path}`;
  return { repository, tag, digest };
}
