/** An image as the values of charts name it. */
export interface ImageParts {
  /** Host, such as `quay.io`. */
  registry: string;
  /** Path, such as `prometheus/prometheus`. */
  repository: string;
  /** Tag, such as `v3.15.0`. */
  tag: string;
  /** Hexadecimal digits of the digest, without `sha256:`; absent where the reference has no digest. */
  sha?: string;
}

/**
 * Takes a reference apart.
 * @param reference fully qualified, with a tag
 * @throws Error when it has no tag, which the operator reads as the version of what it runs
 */
export function imageParts(reference: string): ImageParts {
  const match = /^(?<registry>[^/]+)\/(?<repository>[^@]+):(?<tag>[^:/@]+)(@sha256:(?<sha>[0-9a-f]{64}))?$/.exec(
    reference,
  );
  if (!match?.groups) {
    throw new Error(
      `The image "${reference}" can't be used in kube-prometheus-stack: its chart needs registry/repository:tag, with or without ` +
        `@sha256:digest, because the operator reads the version from the tag. Correct it in images.json or observability:images.`,
    );
  }
  const { registry, repository, tag, sha } = match.groups;
  return { registry, repository, tag, ...(sha && { sha }) };
}
