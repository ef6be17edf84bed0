/** Facts of the chart kube-prometheus-stack (88.5.3) that lie outside its values. */

/** Repository of both charts. */
export const repository = "https://prometheus-community.github.io/helm-charts";
