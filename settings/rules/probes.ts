import { seconds } from "../units";
import { certificateDefaults, nameOf } from "../sections/probes";
import type { Rule } from "./rule";

/** Rules of the probes. */
export const probeRules: readonly Rule[] = [
  {
    must: "probes have unique names",
    check: ({ probes }) => {
      const names = probes.map(nameOf);
      return names.flatMap((name, i) => {
        const first = names.indexOf(name);
        if (first === i) return [];
        return [
          {
            key: `probes[${i}].name`,
            what: `"${name}" is also the name of probes[${first}]${probes[i].name === undefined && probes[first].name === undefined ? ", because neither sets one" : ""}`,
            allowed: "a name that no other probe has",
            example: `${name.slice(0, 48)}-2`,
          },
        ];
      });
    },
  },
  {
    must: "a probe's timeout is not above its interval",
    check: ({ probes }) =>
      probes.flatMap(({ timeout, interval }, i) =>
        seconds(timeout) > seconds(interval) || seconds(timeout) < 1
          ? [
              {
                key: `probes[${i}].timeout`,
                what:
                  seconds(timeout) < 1
                    ? `"${timeout}" is shorter than a second: the exporter keeps half of one for its answer`
                    : `"${timeout}" is longer than the interval, "${interval}"`,
                allowed: `from 1s to the interval, ${interval}`,
                example: seconds(interval) < 1 ? undefined : "1s",
              },
            ]
          : [],
      ),
  },
  {
    must: "a probe can be slow without failing",
    check: ({ probes }) =>
      probes.flatMap(({ slow, timeout }, i) =>
        slow !== undefined && seconds(slow) >= seconds(timeout)
          ? [
              {
                key: `probes[${i}].slow`,
                what: `"${slow}" is not below the timeout, "${timeout}": the probe fails before it is slow`,
                allowed: `less than ${timeout}, or a longer timeout`,
              },
            ]
          : [],
      ),
  },
  {
    must: "settings for certificates need TLS",
    check: ({ probes }) =>
      probes.flatMap((probe, i) => {
        if (probe.module !== "tcp" || probe.tls) return [];
        const { insecureSkipVerify, certificateDays } = probe;
        return Object.entries({ insecureSkipVerify, certificateDays })
          .filter(([key, value]) => value !== certificateDefaults[key as keyof typeof certificateDefaults])
          .map(([key, value]) => ({
            key: `probes[${i}].${key}`,
            what: `${value} has no effect: without tls no certificate is checked`,
            allowed: "nothing, or tls: true",
          }));
      }),
  },
];
