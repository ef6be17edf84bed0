/** What became of everything in the file. */
export interface Imported {
  /** What was made or changed. */
  done: string[];
  /** How many are there already, as in the file. */
  same: number;
  /** What was left as it is in Grafana, each with the reason. */
  kept: string[];
  /** What Grafana refused. */
  refused: string[];
  /** What only a person can do. */
  open: string[];
  /** Data sources that dashboards name and Grafana doesn't have. */
  missing: string[];
}
