import { block, write, type Block } from "../../components/alloy/syntax";

/**
 * The text of a collector's pipeline for a process of this machine: as its pods have it, but for where the node's files and the API server are.
 * @param pipeline the pod's
 * @param apiUrl of what answers as the API server
 * @param logs folder in place of the node's `/var/log/`, with a slash at its end
 */
export const collectorText = (pipeline: readonly Block[], apiUrl: string, logs: string): string =>
  write(pipeline.map((each) => atApi(each, apiUrl))).replaceAll("/var/log/", logs);

function atApi(each: Block, api_server: string): Block {
  if (each.name === "discovery.kubernetes") return { ...each, attributes: { ...each.attributes, api_server } };
  if (each.name === "loki.source.kubernetes_events") return { ...each, blocks: [block("client", { api_server })] };
  return each;
}

/**
 * A whole line as containerd writes it to a container's file.
 * @param time when it was written, in milliseconds since 1970
 * @see https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
 */
export const criLine = (time: number, stream: string, line: string): string =>
  `${new Date(time).toISOString()} ${stream} F ${line}\n`;
