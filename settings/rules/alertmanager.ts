import { stageOf } from "../../stages";
import { nearest } from "../nearest";
import { formatPath, show } from "../problem";
import { alertmanagerPrefix, configurationOf } from "../sections/alerting";
import type { Rule } from "./rule";

/** Rules of Alertmanager: which one it is, and what its configuration is made from. */
export const alertmanagerRules: readonly Rule[] = [
  {
    must: "Mimir's Alertmanager is used only where there is a Mimir",
    check: (settings) =>
      settings.alertmanager.implementation === "mimir" && !stageOf(settings).mimir
        ? [
            {
              key: "alertmanager.implementation",
              what: `"mimir" contradicts stage "${settings.stage}", which has no Mimir: alerts would not be delivered`,
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
              what: `"mimir" contradicts adopt.alertmanagerUrl, "${adopt.alertmanagerUrl}", which uses an existing Alertmanager`,
              allowed: "prometheus, or no adopt.alertmanagerUrl",
              example: "prometheus",
            },
          ]
        : [],
  },
  {
    must: "Mimir's Alertmanager links to the address at which Mimir serves it",
    check: ({ alertmanager: { implementation, externalUrl } }) => {
      if (implementation !== "mimir" || !externalUrl || new URL(externalUrl).pathname === alertmanagerPrefix) return [];
      const right = new URL(alertmanagerPrefix, externalUrl).href;
      return [
        {
          key: "alertmanager.externalUrl",
          what: `"${externalUrl}" has a path other than ${alertmanagerPrefix}: Mimir would use it as the path of its API, where senders don't find it`,
          allowed: `an address whose path is ${alertmanagerPrefix}, without a trailing slash`,
          example: right,
        },
      ];
    },
  },
  {
    must: "alertmanager.existingConfigSecret excludes other receivers and routes",
    check: ({ alertmanager }) => {
      const { existingConfigSecret } = alertmanager;
      if (!existingConfigSecret) return [];
      return configurationOf(alertmanager)
        .filter(([key]) => key !== "existingConfigSecret")
        .map(([key, value]) => ({
          key: `alertmanager.${key}`,
          what: `${show(value)} contradicts alertmanager.existingConfigSecret: the Secret "${existingConfigSecret}" has the whole configuration`,
          allowed: "nothing, or no alertmanager.existingConfigSecret",
        }));
    },
  },
  {
    must: "Mimir's Alertmanager has the configuration that its file has",
    check: ({ alertmanager: { implementation, existingConfigSecret } }) =>
      implementation === "mimir" && existingConfigSecret
        ? [
            {
              key: "alertmanager.existingConfigSecret",
              what: `"${existingConfigSecret}" contradicts alertmanager.implementation mimir, whose configuration is written from these settings`,
              allowed: "nothing, or alertmanager.implementation: prometheus",
            },
          ]
        : [],
  },
  {
    must: "a webhook has a user name only for basic authorization",
    check: ({ alertmanager: { receivers = {} } }) =>
      Object.entries(receivers).flatMap(([name, receiver]) => {
        if (receiver.kind !== "webhook" || (receiver.authorization === "basic") === (receiver.username !== undefined))
          return [];
        return [
          {
            key: `alertmanager.receivers.${name}.username`,
            what: receiver.username
              ? `"${receiver.username}" is not used without authorization basic`
              : "is missing, but authorization basic needs it",
            allowed: "a user name with authorization: basic, otherwise nothing",
            ...(!receiver.username && { example: "alerts" }),
          },
        ];
      }),
  },
  {
    must: "a route leads to a receiver that exists",
    check: ({ alertmanager: { receivers = {}, routes = [], pushover, webhook } }) => {
      const fixed = [...(pushover || webhook ? ["notifications"] : []), "none"];
      const there = [...Object.keys(receivers), ...fixed];
      return routes.flatMap(({ receiver }, i) =>
        Object.hasOwn(receivers, receiver) || fixed.includes(receiver)
          ? []
          : [
              {
                key: `alertmanager.routes[${i}].receiver`,
                what:
                  receiver === "notifications"
                    ? '"notifications" does not exist: neither alertmanager.pushover nor alertmanager.webhook is set'
                    : `there is no receiver "${receiver}"${didYouMean(nearest(receiver, there))}`,
                allowed: there.join(", "),
                example: there[0],
              },
            ],
      );
    },
  },
  {
    must: "a route leads to each receiver",
    check: ({ alertmanager: { receivers = {}, routes = [] } }) =>
      Object.keys(receivers)
        .filter((name) => !routes.some(({ receiver }) => receiver === name))
        .map((name) => ({
          key: `alertmanager.receivers.${name}`,
          what: "is never notified: no route leads to it",
          allowed: "a receiver that a route in alertmanager.routes names; a route without matchers matches every alert",
        })),
  },
  {
    must: "an alert can reach each route",
    check: ({ alertmanager: { routes = [] } }) => {
      const last = routes.findIndex(({ matchers, ...route }) => matchers.length === 0 && !route.continue);
      return last < 0
        ? []
        : routes.slice(last + 1).map((_, i) => ({
            key: `alertmanager.routes[${last + 1 + i}]`,
            what: `is never reached: alertmanager.routes[${last}] matches every alert, because it has neither matchers nor continue`,
            allowed: "move it before that route; or add matchers or continue: true to that route",
          }));
    },
  },
  {
    must: "a route names time intervals that exist, and each is named",
    check: ({ alertmanager: { timeIntervals = {}, routes = [] } }) => {
      const there = Object.keys(timeIntervals);
      const named = routes.flatMap((route, i) =>
        (["muteTimeIntervals", "activeTimeIntervals"] as const).flatMap((key) =>
          (route[key] ?? []).map((name, j) => ({ name, key: `alertmanager.routes[${i}].${key}[${j}]` })),
        ),
      );
      return [
        ...named
          .filter(({ name }) => !Object.hasOwn(timeIntervals, name))
          .map(({ name, key }) => ({
            key,
            what: `there is no time interval "${name}"${didYouMean(nearest(name, there))}`,
            allowed: there.length > 0 ? there.join(", ") : "a key of alertmanager.timeIntervals, which has none",
          })),
        ...there
          .filter((name) => !named.some((each) => each.name === name))
          .map((name) => ({
            key: formatPath(["alertmanager", "timeIntervals", name]),
            what: "is not used: no route names it",
            allowed: "a time interval in a route's muteTimeIntervals or activeTimeIntervals",
          })),
      ];
    },
  },
];

const didYouMean = (near: string | undefined) => (near ? `; did you mean ${near}?` : "");
