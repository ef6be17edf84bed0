/**
 * The documents of a registry, by what they are: https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md and
 * https://distribution.github.io/distribution/spec/manifest-v2-2/
 */
export const mediaTypes = {
  /** One image for several platforms. */
  index: ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"],
  /** One image for one platform. */
  manifest: ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"],
  /** What says which platform that is. */
  config: ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"],
};

/** A document that another one names. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  platform?: Platform;
}

/** What a program was built for, in Go's words. */
export interface Platform {
  os?: string;
  architecture?: string;
  variant?: string;
}
