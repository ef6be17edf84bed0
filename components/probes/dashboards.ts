import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries } from "../grafana/panels";
import { probeJob } from "./rules";

const selector = `job="${probeJob}",probe=~"$probe"`;
const daysLeft = `(probe_ssl_earliest_cert_expiry{${selector}} - time()) / 86400`;

/** What is asked from outside: is it up, how fast, and how long are its certificates valid. */
export function probesDashboard(): Dashboard {
  return dashboard({
    uid: "observability-probes",
    title: "Probes",
    description:
      "What the blackbox exporter asks: web pages, ports, hosts and DNS servers, as the setting `probes` lists them.",
    variables: [{ name: "probe", label: "Probe", query: `label_values(probe_success{job="${probeJob}"}, probe)` }],
    rows: {
      Now: [
        stat({
          title: "Down",
          description: "Probes whose last answer was not as it should be.",
          unit: "short",
          queries: [`count(probe_success{${selector}} == 0) or vector(0)`],
          steps: [{ from: 1, color: "red" }],
        }),
        stat({
          title: "Up for the time shown",
          description: "Share of all answers that were as they should be.",
          unit: "percentunit",
          decimals: 2,
          queries: [`avg(avg_over_time(probe_success{${selector}}[$__range]))`],
        }),
        stat({
          title: "Next certificate",
          description: "Days until the first certificate expires. Empty where no probe speaks TLS.",
          unit: "d",
          decimals: 0,
          queries: [`min(${daysLeft})`],
        }),
      ],
      Probes: [
        table({
          title: "Up",
          description: "Share of the answers that were as they should be, for the time shown; the worst is the last.",
          unit: "percentunit",
          decimals: 2,
          queries: [`avg_over_time(probe_success{${selector}}[$__range])`],
          columns: { probe: "Probe", instance: "Target" },
          value: "Up",
        }),
        table({
          title: "Certificates",
          description:
            "Days until the first certificate of the chain expires. A target whose certificate has expired is not here, unless its probe takes any.",
          unit: "d",
          decimals: 0,
          queries: [daysLeft],
          columns: { probe: "Probe", instance: "Target" },
          value: "Days left",
        }),
        timeSeries({
          title: "Up",
          description: "1: the answer was as it should be; 0: it was not, or there was none.",
          unit: "short",
          min: 0,
          max: 1,
          queries: [{ expr: `probe_success{${selector}}`, legend: "{{probe}}" }],
        }),
        timeSeries({
          title: "Time to answer",
          description: "From the look-up of the name to the end of the answer.",
          unit: "s",
          min: 0,
          queries: [{ expr: `probe_duration_seconds{${selector}}`, legend: "{{probe}}" }],
        }),
      ],
      "What takes the time": [
        timeSeries({
          title: "HTTP",
          description: "Phases of an HTTP probe: resolve, connect, tls, processing (until the first byte), transfer.",
          unit: "s",
          min: 0,
          stack: true,
          queries: [{ expr: `avg by (phase) (probe_http_duration_seconds{${selector}})`, legend: "{{phase}}" }],
        }),
        timeSeries({
          title: "Ping",
          description: "Time from the echo request to its reply.",
          unit: "s",
          min: 0,
          queries: [{ expr: `probe_icmp_duration_seconds{${selector},phase="rtt"}`, legend: "{{probe}}" }],
        }),
      ],
    },
  });
}
