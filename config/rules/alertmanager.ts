import { alertmanagerPrefix } from "../../components/mimir/config";
import { stageOf } from "../../migration/stages";
import type { Rule } from "./rule";

/** Rules of Alertmanager: which one it is. */
export const alertmanagerRules: readonly Rule[] = [
  {
    must: "Mimir's Alertmanager is used only where there is a Mimir",
    check: (settings) =>
      settings.alertmanager.implementation === "mimir" && !stageOf(settings).mimir
        ? [
            {
              key: "alertmanager.implementation",
              what: `"mimir" contradicts stage "${settings.stage}", which has no Mimir: nobody would take the alerts`,
              allowed: "prometheus in this stage; mimir from stage dual-write on",
              example: "prometheus",
            },
          ]
        : [],
  },
  {
    must: "alerts go to one Alertmanager",
    check: ({ alertmanager, adopt }) =>
      alertmanager.implementation === "mimir" && adopt.alertmanagerUrl
        ? [
            {
              key: "alertmanager.implementation",
              what: `"mimir" contradicts adopt.alertmanagerUrl, "${adopt.alertmanagerUrl}", which uses an Alertmanager that exists`,
              allowed: "prometheus, or no adopt.alertmanagerUrl",
              example: "prometheus",
            },
          ]
        : [],
  },
  {
    must: "Mimir's Alertmanager links to where Mimir serves it",
    check: ({ alertmanager: { implementation, externalUrl } }) => {
      if (implementation !== "mimir" || !externalUrl || new URL(externalUrl).pathname === alertmanagerPrefix) return [];
      const right = new URL(alertmanagerPrefix, externalUrl).href;
      return [
        {
          key: "alertmanager.externalUrl",
          what: `"${externalUrl}" has a path other than ${alertmanagerPrefix}: Mimir takes it for its API's own path, and nobody would find it`,
          allowed: `an address whose path is ${alertmanagerPrefix}, without a slash at its end`,
          example: right,
        },
      ];
    },
  },
];
