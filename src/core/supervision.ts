/** What a supervisor and its nodes agree on; the only thing they share beside signals and HTTP. */

/** `1` in the environment of a supervised node: it reads stdin to its end, which is its supervisor's, and then drains
 * and exits; it leaves SIGHUP and SIGINT to the supervisor. SIGTERM drains as ever. */
export const SUPERVISED_VARIABLE = "SHOAL_SUPERVISED";

/** `1` in the environment of a node whose supervisor vouches for its port: it binds the port with `reusePort`, so that its
 * successor can be started beside it. The supervisor has seen before that nobody else listens there. */
export const OVERLAP_VARIABLE = "SHOAL_PORT_OVERLAP";

/** How many descriptors a node may open. Absent where the supervisor could not find out. */
export const DESCRIPTOR_LIMIT_VARIABLE = "SHOAL_DESCRIPTOR_LIMIT";

/** `host:port` of the embedded hub. Absent with Redis. */
export const HUB_ADDRESS_VARIABLE = "SHOAL_HUB_ADDRESS";

/** The secret that the embedded hub asks for, 64 hex digits. */
export const HUB_SECRET_VARIABLE = "SHOAL_HUB_SECRET";

/** `1` in the environment of a supervisor that a task started: it ends the cluster when its parent is gone. */
export const WATCH_PARENT_VARIABLE = "SHOAL_WATCH_PARENT";

/** Path of the log, in the environment of a supervisor that runs in the background. */
export const DAEMON_LOG_VARIABLE = "SHOAL_DAEMON_LOG";

/** Exit code of a node that will not start however often it is tried (wrong configuration): EX_CONFIG of sysexits. */
export const MISCONFIGURED_EXIT_CODE = 78;
