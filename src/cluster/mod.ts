/**
 * The supervisor: keeps the nodes of one machine running and speaks to them as an operator does (processes, signals,
 * HTTP), so that systemd or Kubernetes can take its place.
 *
 * @module
 */
export { reloadCluster, scaleCluster } from "./change.ts";
export { type Reread } from "./changes.ts";
export { launchDaemon } from "./daemon.ts";
export { openLogFile } from "./log_file.ts";
export { type LifecyclePolicy } from "./lifecycle.ts";
export { nginxConfig, type NginxTemplates, serverLine } from "./nginx/nginx_config.ts";
export { nginxDefaults, nginxFaults, type NginxOptions, type StickyMode } from "./nginx/options.ts";
export { readTemplates } from "./nginx/read_templates.ts";
export { denoNodeCommand, type NodeCommand, type NodeLaunch } from "./node_command.ts";
export { type ClusterOptions, MAX_INSTANCES } from "./options.ts";
export { type ClusterPlace } from "./reach.ts";
export { type ClusterSeams, type Hub } from "./seams.ts";
export { type ClusterRun, runCluster } from "./run.ts";
export { clusterStatus, type StatusOptions } from "./status.ts";
export { stopCluster } from "./stop.ts";
