/**
 * The supervisor: keeps the nodes of one machine running and speaks to them as an operator does (processes, signals,
 * HTTP), so that systemd or Kubernetes can take its place.
 *
 * @module
 */
export { type LifecyclePolicy } from "./lifecycle.ts";
export { nginxConfig, type NginxTemplates, serverLine } from "./nginx/nginx_config.ts";
export { nginxDefaults, nginxFaults, type NginxOptions, type StickyMode } from "./nginx/options.ts";
export { readTemplates } from "./nginx/read_templates.ts";
export { denoNodeCommand, type NodeCommand, type NodeLaunch } from "./node_command.ts";
export { type ClusterOptions } from "./options.ts";
export { type ClusterSeams, type Hub } from "./seams.ts";
export { runCluster } from "./run.ts";
export { stopCluster, type StopOptions } from "./stop.ts";
