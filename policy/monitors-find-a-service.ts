import { lostMonitors } from "./lib/monitors";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";

/**
 * Reports a ServiceMonitor that selects no Service of the stack, or names a port that none of them has: nothing is scraped, and no alert
 * reports it, because there is no target that could be down.
 *
 * Services of charts aren't visible. A monitor whose labels name a release of the stack is therefore not checked, and neither is a monitor for all
 * namespaces, or namespaces where the stack has no Service.
 */
export const monitorsFindAService = definePolicy({
  name: "monitors-find-a-service",
  description: "Each ServiceMonitor selects a Service of the stack that has the ports it names.",
  url: "https://prometheus-operator.dev/docs/developer/getting-started/#using-servicemonitors",
  severity: "medium",
  level: "advisory",
  *checkStack(resources) {
    for (const lost of lostMonitors(resources)) {
      if (lost instanceof Unknown) yield lost;
      else if (lost.port) {
        const { path, name, selected, known } = lost.port;
        const services = selected.map(({ label }) => label).join(" or ");
        yield {
          resource: lost.monitor,
          path,
          found: JSON.stringify(name),
          wanted: `the name of a port of ${services}: ${known.map(String).join(", ")}`,
          why: "Nothing is scraped there, and no alert reports it.",
          fix: "Write the port's name, not its number.",
        };
      } else {
        yield {
          resource: lost.monitor,
          path: "spec.selector",
          found: `a selector that matches no Service of the stack in ${lost.namespaces.join(", ")}`,
          wanted: "the labels of a Service",
          why: "Nothing is scraped, and no alert reports it.",
          fix: "Compare it with metadata.labels of the Service. The labels of its pods don't count.",
        };
      }
    }
  },
});
