import { deserialize } from "node:v8";
import type { Previewed, PreviewOptions } from "../../../commands/shared/preview";
import { previewHost } from "../../support/preview-host";

/**
 * A preview by the host (`host.ts`), which keeps it.
 * @throws Error with what the program said
 */
export async function previewByHost(preview: PreviewOptions): Promise<Previewed> {
  const response = await fetch(await previewHost(), { method: "POST", body: JSON.stringify(preview) });
  if (!response.ok) throw new Error(await response.text());
  return deserialize(Buffer.from(await response.arrayBuffer())) as Previewed;
}
